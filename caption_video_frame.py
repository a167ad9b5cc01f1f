"""The command `framescribe-caption-video-frame` under the name and with the flags of EasyAnimate's script."""

import sys

from framescribe.easyanimate.caption_video_frame import main

if __name__ == "__main__":
    sys.exit(main())
