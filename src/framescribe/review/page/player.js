"use strict";
window.review ??= {};

// Knows how a clip is played, looped and stepped through by frame, and what to show where the browser cannot play it.
(() => {
  const review = window.review;
  const { h } = review;
  const RATES = [0.25, 0.5, 1, 1.5, 2, 4];
  const SECONDS_PER_PICTURE = 0.8; // where sampled frames are shown one after another in place of the clip
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  const loaded = (url) => h("video", { src: url, preload: "auto", playsinline: true, muted: true, tabindex: "-1", "aria-hidden": true });

  /** A player for one row at a time. `ontime(seconds)` is called whenever another moment is on screen. */
  review.player = (ontime) => {
    let row = null, mode = null, video = null, ready = null;
    let frame = null; // the number of the frame on screen, or of the one that is being sought
    let picture = 0, timer = null; // of the sampled frames
    let wanted = review.habit("playing") ?? !still.matches; // a person's last word: the next clip goes on like this one
    let rate = 1;

    const stage = h("div", { class: "stage" });
    const told = h("p", { class: "told quiet", role: "status" });
    const place = h("input", { type: "range", min: 0, max: 1, step: "any", value: 0, "aria-label": "Position in the clip", oninput: () => seek(Number(place.value)) });
    const clock = h("span", { class: "clock" });
    const button = (icon, label, run, more) => h("button", { class: "square quiet", "aria-label": label, title: label, onclick: run, ...more }, review.icon(icon));
    const playing = button("play", "Play", () => toggle());
    const looping = button("loop", "Loop", () => loop(), { "aria-pressed": review.habit("loop") ?? true });
    const sound = button("silent", "Sound", () => hear(), { "aria-pressed": false });
    const rates = h("select", { "aria-label": "Speed", onchange: () => { rate = Number(rates.value); if (video) video.playbackRate = rate; } },
      RATES.map((value) => h("option", { value, selected: value === 1 }, `${value}×`)));
    const element = h("div", { class: "player" }, stage,
      h("div", { class: "controls", role: "group", "aria-label": "Player" }, playing, button("back", "Back one frame (,)", () => step(-1)),
        button("forth", "Forward one frame (.)", () => step(1)), place, clock, rates, looping, sound,
        button("full", "Full screen", () => (document.fullscreenElement ? document.exitFullscreen() : stage.requestFullscreen?.()))),
      told);

    const fps = () => row?.fps || 25;
    const times = () => row?.frame_captions ?? [];
    const length = () => (video?.duration > 0 && Number.isFinite(video.duration) ? video.duration : row?.duration) || 0;
    const paused = () => (mode === "frames" ? timer === null : video?.paused ?? true);
    const now = () => (mode === "frames" ? times()[picture]?.time ?? 0 : video?.currentTime ?? 0);

    const update = () => {
      const time = now();
      place.max = length() || 1;
      if (document.activeElement !== place || !paused()) place.value = time;
      place.setAttribute("aria-valuetext", `${review.time(time, 2)} of ${review.time(length(), 2)}`);
      clock.textContent = `${review.time(time, 2)} / ${review.time(length(), 2)}`;
      clock.title = mode === "frames" || frame === null ? "" : `Frame ${frame}, counted from 0`;
      review.fill(playing, review.icon(paused() ? "play" : "pause"));
      const label = paused() ? "Play" : "Pause";
      playing.setAttribute("aria-label", label);
      playing.title = `${label} (Space)`;
      ontime(time);
    };

    // The frame on screen by its own time stamp where the browser tells, else by the clock.
    const follow = (mine) => {
      if (!mine.requestVideoFrameCallback) return;
      mine.requestVideoFrameCallback((_, { mediaTime }) => {
        if (mine !== video) return;
        if (!mine.seeking) frame = Math.round(mediaTime * fps());
        update();
        follow(mine);
      });
    };

    const leave = () => {
      clearInterval(timer);
      timer = null;
      if (video) {
        video.pause();
        video.removeAttribute("src");
        video.load(); // lets go of the connection
      }
      video = null;
      frame = null;
    };

    const LATER = { direct: "preview", preview: "frames", frames: "none" };
    const begin = (next) => {
      leave();
      mode = next;
      const url = { direct: review.source.video, preview: review.source.preview_of }[mode]?.(row.key);
      if ((mode === "direct" || mode === "preview") && !url) return begin(LATER[mode]);
      if (mode === "frames" && times().length === 0 && row.frame_captions) return begin("none");
      const absent = review.source.video(row.key) === null;
      const why = absent ? "The video is not with this page" : "The file itself does not play in this browser";
      told.textContent = { direct: "", preview: `${why}: this is a smaller copy.`, frames: `${why}: these are its sampled frames, one after another.`, none: "Neither the clip nor its frames can be shown." }[mode];
      element.dataset.mode = mode;
      for (const control of element.querySelectorAll(".controls :is(button, input, select)")) control.disabled = mode === "none";
      looping.hidden = sound.hidden = rates.hidden = mode === "frames";
      if (mode === "frames") return slide(0);
      if (mode === "none") {
        review.fill(stage, h("p", { class: "none" }, "No picture"));
        return update();
      }
      const mine = video = ready?.key === row.key && ready.mode === mode ? ready.video : loaded(url);
      ready = null;
      const next_one = () => mine === video && begin(LATER[mode]);
      mine.addEventListener("error", next_one);
      mine.addEventListener("loadeddata", () => (mine.videoWidth === 0 ? next_one() : update())); // sound alone is no clip
      for (const name of ["play", "pause", "seeked", "timeupdate", "durationchange", "ended"]) mine.addEventListener(name, () => mine === video && update());
      mine.addEventListener("loadedmetadata", () => {
        if (mine === video && mode === "preview" && row.duration > mine.duration + 1) told.textContent = `${why}: this is a smaller copy of its first ${review.time(mine.duration)}.`;
      });
      mine.addEventListener("click", toggle);
      Object.assign(mine, { loop: looping.ariaPressed === "true", muted: sound.ariaPressed !== "true", defaultPlaybackRate: rate, playbackRate: rate });
      review.fill(stage, mine);
      if (mine.error) return next_one();
      follow(mine);
      update();
      if (wanted) start();
    };

    const still_of = ({ index, time }) => h("img", { src: review.source.frame(row.key, index), alt: typeof time === "number" ? `Frame at ${review.time(time, 2)}` : `Frame ${index}` });

    const slide = (to) => {
      picture = Math.max(0, Math.min(times().length - 1, to));
      const image = still_of(times()[picture] ?? { index: 0, time: 0 });
      image.addEventListener("error", () => image.isConnected && begin("none"));
      review.fill(stage, image);
      update();
    };

    /** The clip again, where a picture beyond the end of its copy was shown. */
    const back = () => video && !video.isConnected && review.fill(stage, video);

    const start = () => {
      const mine = video;
      back();
      mine?.play().catch((error) => {
        if (error.name !== "NotAllowedError" || mine !== video || mine.muted) return;
        hear(false); // sound needs a press of a key first
        mine.play().catch(() => {});
      });
    };

    const toggle = () => {
      wanted = paused();
      review.habit("playing", wanted);
      if (mode === "frames") {
        clearInterval(timer);
        timer = wanted ? setInterval(() => slide((picture + 1) % times().length), SECONDS_PER_PICTURE * 1000) : null;
        update();
      } else if (wanted) start();
      else video?.pause();
    };

    /** Show the frame that is on screen at this time of the clip. */
    const seek = (time) => {
      if (mode === "frames") return slide(Math.max(0, times().findLastIndex((one) => one.time <= time + 1e-6)));
      if (!video) return;
      back();
      video.currentTime = time;
      frame = Math.floor(time * fps() + 1e-3);
    };

    const step = (by) => {
      if (mode === "frames") return paused() ? slide(picture + by) : toggle();
      if (!video) return;
      if (!video.paused) video.pause();
      back();
      const last = Math.max(0, Math.ceil(length() * fps() - 0.5) - 1);
      frame = Math.max(0, Math.min(last, (frame ?? Math.floor(video.currentTime * fps() + 1e-3)) + by));
      video.currentTime = (frame + 0.5) / fps(); // the middle of it: never a hair before
    };

    const loop = () => {
      const on = looping.ariaPressed !== "true";
      looping.ariaPressed = String(on);
      review.habit("loop", on);
      if (video) video.loop = on;
    };

    const hear = (on = sound.ariaPressed !== "true") => {
      sound.ariaPressed = String(on);
      review.fill(sound, review.icon(on ? "sound" : "silent"));
      if (video) video.muted = !on;
    };

    review.source.on?.((reachable) => reachable && row && mode !== "direct" && begin(row.plays ?? "direct"));

    return {
      element,
      /** Show this row, whole or in brief; the same clip goes on playing. */
      show(next) {
        const other = next.key !== row?.key || (mode === "none" && row.frame_captions === undefined && next.frame_captions);
        row = next;
        if (other) begin(row.plays === "none" ? "none" : row.plays ?? "direct");
      },
      /** Fetch the beginning of a clip that is likely to be next. */
      prepare(next) {
        const kind = next?.plays ?? "direct";
        const url = { direct: review.source.video, preview: review.source.preview_of }[kind]?.(next?.key);
        if (!next || !url || ready?.key === next.key || next.key === row?.key) return;
        ready?.video.removeAttribute("src");
        ready = { key: next.key, mode: kind, video: loaded(url) };
      },
      stop() {
        leave();
        ready?.video.removeAttribute("src");
        row = mode = ready = null;
        stage.replaceChildren();
      },
      toggle,
      step,
      loop,
      first: () => seek(0),
      /** Play on from this time of the clip. */
      play(time) {
        const beyond = mode !== "frames" && time > length(); // of a copy of the clip's beginning
        if (beyond && times().length > 0) return this.show_frame(Math.max(0, times().findLastIndex((one) => one.time <= time + 1e-6)));
        seek(time);
        if (paused()) toggle();
      },
      /** Show the sampled frame at this place: a hair after its time, so that it is this frame and not the one
       *  before; its picture where the player cannot go there. */
      show_frame(at) {
        if (!paused()) toggle();
        const one = times()[at];
        if (mode === "frames") slide(at);
        else if (typeof one.time !== "number" || one.time > length()) review.fill(stage, still_of(one));
        else seek(one.time + 0.25 / fps());
      },
    };
  };
})();
