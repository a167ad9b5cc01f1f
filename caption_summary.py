"""The command `framescribe-caption-summary` under the name and with the flags of EasyAnimate's script."""

import sys

from framescribe.easyanimate.caption_summary import main

if __name__ == "__main__":
    sys.exit(main())
