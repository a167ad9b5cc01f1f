"""Caption with an OpenAI-compatible server that is already running: python your_own_server.py http://host:8000/v1"""

import asyncio
import sys
from pathlib import Path

import framescribe as fs
from framescribe.demo.clips import demo_clips

url = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000/v1"


async def main() -> None:
    demo_clips(Path("clips"), seed=0, count=4)
    recipe = fs.Recipe(base_url=url, prompt="What happens here? Answer in one sentence.", strategy="whole-clip")
    async for row in fs.run_async(recipe, "clips", output="from-server.jsonl"):
        print(f"{row.id}: {row.caption or row.error}")


asyncio.run(main())
