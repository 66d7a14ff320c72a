"""How a student's page looks."""

STYLE = """
:root{color-scheme:light dark;--paper:light-dark(#f6f7f9,#14171b);--card:light-dark(#fff,#1d2127);--ink:light-dark(#1c2330,#e6e9ee);
--faint:light-dark(#566072,#a3adba);--edge:light-dark(#d9dee5,#343b45);--good:light-dark(#1a6e3c,#6fd394);--bad:light-dark(#a33a00,#ffab70);
--soft:light-dark(#eef1f5,#272d35);--link:light-dark(#0b57a4,#8ab8f5)}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:50rem;margin:0 auto;padding:2.5rem 1.25rem}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 1.2rem}
h2{font-size:1.1rem;margin:0 0 .7rem;display:flex;justify-content:space-between;align-items:baseline;gap:1rem}
p{margin:.4rem 0}a{color:var(--link)}a:focus-visible,summary:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.who{color:var(--faint);margin:0}
.total{font-size:1.15rem;margin:0 0 .4rem}.total strong{font-size:2.6rem;line-height:1}
.meter{height:.5rem;border-radius:.25rem;background:var(--edge);overflow:hidden}.meter div{height:100%;background:var(--good)}
.card{background:var(--card);border:1px solid var(--edge);border-left:.35rem solid var(--edge);border-radius:.5rem;padding:1rem 1.2rem;margin:1.2rem 0}
.card.good{border-left-color:var(--good)}.card.bad{border-left-color:var(--bad)}
.overview{list-style:none;margin:1.4rem 0;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(14rem,1fr));gap:.8rem 1.6rem}
.overview li{display:grid;grid-template-columns:1fr auto;gap:.2rem .8rem;align-items:end}.overview .meter{grid-column:1/-1;height:.3rem}
.points{color:var(--faint);font-size:.92rem;font-weight:400;white-space:nowrap}
.tests{list-style:none;margin:0;padding:0}.tests>li{padding:.35rem 0}.tests>li+li{border-top:1px solid var(--edge)}
.test{display:grid;grid-template-columns:1.5rem 1fr auto;gap:0 .3rem;align-items:baseline;margin:0}
.mark{font-weight:700}.good>.mark,.mark.good{color:var(--good)}.mark.bad{color:var(--bad)}
.details{margin:.2rem 0 .3rem 1.8rem}
.advice{background:var(--soft);border-radius:.35rem;padding:.6rem .9rem;margin:.7rem 0 0}
code,pre{font:0.9em/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
code{background:var(--soft);border-radius:.25rem;padding:.05rem .3rem;overflow-wrap:anywhere}
pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}
table{border-collapse:collapse;margin:.5rem 0}th,td{text-align:left;vertical-align:top;padding:.2rem 1.2rem .2rem 0}
thead th{border-bottom:1px solid var(--edge);font-weight:600}tbody th{font-weight:400;color:var(--faint)}
details{margin-top:.7rem}summary{cursor:pointer;color:var(--faint)}details pre{background:var(--soft);border-radius:.35rem;padding:.6rem .9rem;margin-top:.4rem}
aside ul{margin:0;padding-left:1.2rem}
footer{color:var(--faint);font-size:.82rem;margin-top:2.5rem;overflow-wrap:anywhere}
@media (max-width:34rem){main{padding:1.4rem .8rem}.card{padding:.8rem}h2{flex-wrap:wrap}.details{margin-left:0}
.test{grid-template-columns:1.5rem 1fr}.test .points{grid-column:2;white-space:normal}table{display:block;overflow-x:auto}th,td{padding-right:.7rem}}
@media print{body{background:none}.card{break-inside:avoid}}
"""
