"""Knows what models call the video that they were shown, in several languages; knows nothing of what they say of it."""

from __future__ import annotations

# As they stand in small letters, without an article. English ones in the singular: "videos show" speaks of others.
ENGLISH = (
    r"(?:(?:short |silent )?film|movie|video|clip|footage|image|animation|scene|picture|photo|photograph|recording|gif"
    r"|sequence|visual|montage|video ?clip|videoclip|timelapse|time-lapse|slideshow|vlog)"
    r"(?: (?:clip|footage|sequence|segment|recording|snippet|excerpt))?"
)
GERMAN = (
    r"(?:(?:kurz)?video(?:clip|aufnahme|sequenz|ausschnitt|material)?|(?:film)?clip|film(?:ausschnitt|sequenz"
    r"|material)?"
    r"|aufnahme|animation|szene|bild|sequenz)"
)
FRENCH = (
    r"(?:(?:courte |brève )?(?:vidéo|séquence|animation|scène|image|extrait)|clip(?: vidéo)?|(?:court )?film"
    r"|extrait vidéo)"
)
SPANISH = (
    r"(?:(?:corto |breve )?(?:v[ií]deo|v[ií]deoclip|clip)(?: de v[ií]deo)?|escena|imagen|animación|grabación"
    r"|secuencia|metraje)"
)
ITALIAN = r"(?:(?:breve )?(?:video|videoclip|filmato|clip)|scena|immagine|animazione|sequenza|ripresa)"
PORTUGUESE = (
    r"(?:(?:curto |breve )?(?:v[ií]deo|videoclipe|clipe|filme)|cena|imagem|animação|gravação|sequência"
    r"|filmagem)"
)
RUSSIAN = (
    r"(?:коротк\w+ )?(?:видео(?:ролик\w*|клип\w*|запис\w+|фрагмент\w*)?|ролик\w*|клип\w*|сцен\w+|анимаци\w+"
    r"|изображени\w+)"
)
CHINESE = r"(?:短?视频|視頻|影片|短片|画面|畫面|片段|动画|動畫|场景|場景|图像|图片|圖片|影像|录像|圖像)(?:片段|画面)?"
JAPANESE = r"(?:動画|映像|ビデオ|クリップ|シーン|画像|アニメーション|アニメ|場面|フィルム)(?:クリップ)?"
KOREAN = r"(?:동영상|영상|비디오|클립|장면|이미지|애니메이션)(?: ?클립)?"
DUTCH = r"(?:video(?:clip|fragment)?|clip|filmpje|fragment|film|beeldmateriaal|animatie|scène|afbeelding|opname)"
