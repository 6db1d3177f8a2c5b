"""The style sheet of the page: light and dark, for screens and for paper. No font, image or address in it."""

from typing import Final

from runtime.evidence.page.markup import Markup

__all__ = ["STYLE"]

# Outcomes differ in their words and in their borders, so nobody has to tell colours apart.
STYLE: Final = Markup(
    """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--paper:#fff;--card:#f6f8fa;--line:#d0d7de;
--good:#116329;--word:#7d4e00;--none:#57606a;--bad:#a40e26}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9da7b1;--paper:#0d1117;--card:#161b22;--line:#3d444d;
--good:#56d364;--word:#e3b341;--none:#9da7b1;--bad:#ff7b72}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
main{max-width:60rem;margin:0 auto;padding:1.5rem}
h1{font-size:1.6rem;margin:0}h2{font-size:1.2rem;margin:2rem 0 .5rem}h3{font-size:1rem;margin:0}
p{margin:.3rem 0}
code,pre{font:.85rem/1.4 ui-monospace,monospace;white-space:pre-wrap}
pre{background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.7rem;margin:.4rem 0}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;border-bottom:1px solid var(--line)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;margin:.4rem 0}dd{margin:0}
dt,.soft{color:var(--soft)}
.verdict{border:2px solid;border-radius:8px;padding:.7rem 1rem;margin:1rem 0}
.outcome{display:inline-block;border:1px solid;border-radius:1rem;padding:0 .6rem;white-space:nowrap;font-size:.85rem}
.good{color:var(--good)}.word{color:var(--word);border-style:dashed}.none{color:var(--none);border-style:dotted}
.bad{color:var(--bad);border-width:2px;font-weight:700}
ol.steps{list-style:none;margin:0;padding:0}
ol.steps>li{border:1px solid var(--line);border-radius:8px;background:var(--card);padding:.7rem 1rem}
ol.steps>li+li{margin-top:1.6rem;position:relative}
ol.steps>li+li::before{content:"";position:absolute;left:1.4rem;top:-1.6rem;height:1.6rem;border-left:2px solid var(--line)}
ol.steps>li.bad-step{border-color:var(--bad)}ol.steps>li.idle-step{border-style:dashed}
footer{margin-top:2rem;border-top:2px solid var(--line)}
@media print{:root{--ink:#000;--soft:#333;--paper:#fff;--card:#fff;--line:#777;--good:#000;--word:#000;--none:#000;
--bad:#000}main{max-width:none;padding:0}li,tr{break-inside:avoid}body{font-size:11pt}}
"""
)
