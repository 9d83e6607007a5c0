"""The walk in docs/lifecycle.md: what the page has one send is taken, step by step."""

import json
import re
from pathlib import Path

import httpx

PAGE = (Path(__file__).parents[2] / "docs" / "lifecycle.md").read_text(encoding="utf-8")


async def test_the_walk_leads_to_the_end(intake: httpx.AsyncClient) -> None:
    (walk,) = re.findall(r"^```bash\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    steps = re.findall(r"ask (\S+)(?: -d '([^']*)')?", walk)
    assert steps[0][0] == '""'
    code = ""
    for path, body in steps:
        url = f"/v1/dossiers{path.strip(chr(34)).replace('$CODE', code)}"
        answer = await (intake.post(url, json=json.loads(body)) if body else intake.get(url))
        assert answer.is_success, answer.text
        code = answer.json()["code"]
    account = answer.json()
    assert (account["status"], account["verdict"]) == ("returned", "early")
    assert account["explanation"]
