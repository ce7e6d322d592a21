"""Chinese has one word for one thing, wherever it is said: in the catalogue, the handbook and the panel."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.words.sources import ROOT, read_catalogue

CATALOGUE = Path(settings.LOCALE_PATHS[0]) / "zh_Hans" / "LC_MESSAGES" / "django.po"
HANDBOOK = ROOT / "genhub" / "handbook" / "zh-Hans"
PANEL = ROOT / "genhub" / "panel" / "src" / "words.ts"
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
VALUE = re.compile(r"%\(\w+\)[sd]|\{\w*\}|`[^`]*`")
# Stands for a value or for code, and next to anything.
HOLE = "◌"
# What labels of pictures are obliged to say.
LABEL = "AI生成"
HAN = "\u4e00-\u9fff"
# What is not said, and what is said instead.
TERMS = {
    "本系统|本服务|本平台|(?<=[，。；])中心": "本站 (the hub)",
    "工作人员|(?<!管理人)员工|运营人员": "管理人员 (staff)",
    "供应商": "服务商 (provider)",
    "钱包": "积分账户 (purse)",
    "预扣|预留积分|积分预留": "冻结 (hold)",
    "已扣除|扣除积分": "扣取 (capture), 扣费 (charge)",
    "冻结的积分已退": "释放 (release): 退还 is a refund",
    "账户被?冻结": "账户锁定 (freeze): 冻结 is a hold",
    "审计": "对账 (audit)",
    "撤消|撤销(?:此)?(?:浏览器)?(?:令牌|密钥)|(?:令牌|密钥)已撤销": "吊销 (revoke), 撤销 (undo)",
    "批次的(?:元数据|订单)|批次中的": "批量订单 (batch): 批次 is a lot of credits",
    "主目录": "数据目录 (home)",
    "消息中间件": "消息代理 (broker)",
    "常用模型(?!（附标价）)|常规模型": "默认模型 (usual model)",
    "应答|答复|回应": "响应 (answer)",
    "标头": "请求头, 响应头 (header)",
    "休息|唤醒(?!通知|工作进程)": "冷却, 结束冷却 (rest, wake)",
    "忘记": "清除 (forget)",
    "门铃": "唤醒通知 (doorbell)",
    "结局": "最终状态, 结果 (end)",
    "你": "您",
}
PUNCTUATION = {
    f"[{HAN}][,;!?](?=[{HAN}\\s]|$)|[{HAN}]:(?=\\s|$)": "，；！？：",
    f"[{HAN}]\\(|\\)[{HAN}]": "（）",
    f"[{HAN}，。：；、（）？]\\s“|”\\s[{HAN}，。：；、（]": "no space around “”",
    f"[{HAN}]\\s[，。：；、（）？！]|[，。：；、（）？！]\\s[{HAN}]": "no space beside full punctuation",
    f"[{HAN}][A-Za-z]|[A-Za-z][{HAN}]": "a space between Chinese and Latin letters",
    f"[{HAN}][0-9]|[0-9][{HAN}]": "a space between Chinese and numbers",
}


def sentences() -> Iterator[tuple[str, str]]:
    """Yield every Chinese text with where it stands; without code and without places for values."""
    for entry in read_catalogue(CATALOGUE):
        yield entry.words[:60], VALUE.sub(HOLE, entry.translation)
    for path in sorted(HANDBOOK.glob("*.md")):
        for line in CODE.sub(HOLE, path.read_text("utf-8")).split("\n"):
            yield path.name, LINK.sub(r"\1", line).replace(LABEL, HOLE)
    for number, line in enumerate(PANEL.read_text("utf-8").split("\n")):
        for said in re.findall(rf'"([^"]*[{HAN}][^"]*)"', line):
            yield f"{PANEL.name}:{number}", VALUE.sub(HOLE, said)


@pytest.mark.parametrize("never", TERMS)
def test_one_thing_has_one_word(never: str) -> None:
    wrong = [(where, text) for where, text in sentences() if re.search(never, text)]
    assert not wrong, f"say {TERMS[never]}"


@pytest.mark.parametrize("wrong", PUNCTUATION)
def test_chinese_is_set_as_chinese(wrong: str) -> None:
    found = [(where, text) for where, text in sentences() if re.search(wrong, text)]
    assert not found, PUNCTUATION[wrong]


@pytest.mark.parametrize(
    "sentence", ["请联系工作人员。", "订单被退回给你", "停止 。", "用API下单", "共3张", "好,的"]
)
def test_what_is_wrong_is_found(sentence: str) -> None:
    assert any(re.search(one, sentence) for one in (*TERMS, *PUNCTUATION))
