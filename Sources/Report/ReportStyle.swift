/// The style of every page: light and dark after the reader's system, down to the width of a phone.
let reportStyle = """
  :root {
    color-scheme: light dark;
    --page: #fbfbf9; --ground: #ffffff; --ink: #1b1d1f; --soft: #5c6166; --line: #dfe1df; --accent: #1f6fb2;
    --done: #2b7bba; --empty: #c3c7c5; --pending: #eceeec; --running: #e2a200; --failed: #c9302c; --good: #2e7d4f; --busy: #8a6200;
    --part1: #cadff0; --part2: #b5d2e9; --part3: #a2c6e2; --part4: #86b4d9; --part5: #6aa2cf; --part6: #4e90c5;
    --outline: #ffd166;
  }
  @media (prefers-color-scheme: dark) {
    :root {
      --page: #141618; --ground: #1c1f22; --ink: #e8eaea; --soft: #9aa1a6; --line: #33383c; --accent: #7db8e8;
      --done: #4c9bd8; --empty: #596066; --pending: #262a2d; --running: #e8b13a; --failed: #ef6b62; --good: #6cc592; --busy: #e8b13a;
      --part1: #263d52; --part2: #29465f; --part3: #2c5070; --part4: #326089; --part5: #3a72a2; --part6: #4386bd;
    }
  }
  * { box-sizing: border-box; }
  html { -webkit-text-size-adjust: 100%; }
  body {
    margin: 0; background: var(--page); color: var(--ink);
    font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", "Noto Sans", "DejaVu Sans", sans-serif;
  }
  main { max-width: 68rem; margin: 0 auto; padding: 2rem 1.25rem 3rem; }
  h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .35rem; overflow-wrap: anywhere; }
  h2 { font-size: 1.15rem; margin: 0 0 .5rem; }
  section { margin-top: 2.75rem; }
  p { margin: 0 0 .75rem; max-width: 44rem; }
  a { color: var(--accent); }
  code { font: .875em ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
  .kicker { color: var(--soft); margin: 0 0 .25rem; font-size: .875rem; }
  .paths { color: var(--soft); font-size: .875rem; overflow-wrap: anywhere; max-width: none; }
  .warning { border-left: 3px solid var(--running); padding: .25rem .75rem; overflow-wrap: anywhere; }
  .bad { color: var(--failed); font-weight: 600; }
  .state {
    display: inline-block; font-size: .8125rem; font-weight: 600; line-height: 1.5; padding: .05rem .6rem;
    border: 1px solid currentColor; border-radius: 1rem; color: var(--soft); vertical-align: .15em;
  }
  h1 .state { vertical-align: .4em; margin-left: .25rem; }
  .state.running { color: var(--busy); } .state.interrupted { color: var(--ink); } .state.complete { color: var(--good); } .state.failed { color: var(--failed); }
  .progress {
    display: flex; height: .75rem; margin: 1.25rem 0 .35rem; background: var(--pending); border-radius: .375rem;
    overflow: hidden;
  }
  .progress i { min-width: 2px; }
  .progress .done { background: var(--done); } .progress .empty { background: var(--empty); }
  .progress .failed { background: var(--failed); } .progress .running { background: var(--running); }
  .share { margin: 0; }
  .facts { display: flex; flex-wrap: wrap; gap: .75rem 2rem; margin: 1rem 0 1.5rem; }
  .facts dt { color: var(--soft); font-size: .8125rem; }
  .facts dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; }
  /* a shade at an edge beyond which there is more */
  .wide {
    overflow-x: auto;
    background:
      linear-gradient(to right, var(--page) 40%, transparent) left / 2rem 100% no-repeat local,
      linear-gradient(to left, var(--page) 40%, transparent) right / 2rem 100% no-repeat local,
      linear-gradient(to right, var(--line), transparent) left / .6rem 100% no-repeat scroll,
      linear-gradient(to left, var(--line), transparent) right / .6rem 100% no-repeat scroll;
  }
  table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; min-width: 100%; }
  th, td { text-align: left; padding: .35rem 1.25rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
  td { white-space: nowrap; }
  thead th { color: var(--soft); font-weight: 400; font-size: .8125rem; white-space: nowrap; }
  tbody th { font-weight: 600; }
  .pairs th { width: 12rem; font-weight: 400; color: var(--soft); white-space: nowrap; }
  .pairs td, td.path, td.message { white-space: normal; overflow-wrap: anywhere; }
  td.message { min-width: 18rem; }
  td.path { min-width: 12rem; }
  td.list { white-space: normal; min-width: 14rem; }
  figure { margin: 0; }
  figcaption { color: var(--soft); font-size: .8125rem; margin-top: .35rem; }
  img { max-width: 100%; height: auto; background: #000; outline: 1px solid var(--line); }
  .pictures { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1.25rem; align-items: start; }
  .pictures figure { text-align: left; }
  .pictures .z { grid-column: 1 / -1; }
  .pictures .z img { width: min(100%, calc(40rem * var(--ratio))); }
  .pictures .y img, .pictures .x img { width: min(100%, calc(24rem * var(--ratio))); }
  ul { margin: .75rem 0; padding: 0; list-style: none; }
  .channels li, .legend li { display: inline-block; margin-right: 1.25rem; color: var(--soft); font-size: .8125rem; }
  .channels i, .legend i {
    display: inline-block; width: .8rem; height: .8rem; margin-right: .4rem; vertical-align: -.05rem;
    border: 1px solid var(--line);
  }
  .failures li { margin-bottom: .35rem; }
  svg.map { display: block; width: 100%; background: var(--ground); border: 1px solid var(--line); }
  svg.views { display: block; width: 100%; max-height: 40rem; }
  svg.views .ground { fill: #000; }
  .outlines path { fill: transparent; stroke: var(--outline); stroke-width: 1.25; vector-effect: non-scaling-stroke; }
  .outlines.many path { stroke-width: .5; stroke-opacity: .7; }
  .outlines path:hover { fill: var(--outline); fill-opacity: .25; stroke-width: 2.5; }
  .maps { display: grid; grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); gap: 1.25rem; align-items: start; }
  .maps > div { display: grid; grid-template-columns: repeat(auto-fill, minmax(7.5rem, 1fr)); gap: 1.25rem; }
  svg.blocks { shape-rendering: crispEdges; }
  .grid .cell { stroke: var(--ground); stroke-width: .75; vector-effect: non-scaling-stroke; }
  .cell { fill: var(--pending); background: var(--pending); }
  .cell.done { fill: var(--done); background: var(--done); }
  .cell.empty { fill: var(--empty); background: var(--empty); }
  .cell.failed { fill: var(--failed); background: var(--failed); }
  .cell.running { fill: var(--running); background: var(--running); }
  .cell.part1 { fill: var(--part1); } .cell.part2 { fill: var(--part2); } .cell.part3 { fill: var(--part3); }
  .cell.part4 { fill: var(--part4); background: var(--part4); } .cell.part5 { fill: var(--part5); }
  .cell.part6 { fill: var(--part6); }
  .chart { margin-bottom: 1.25rem; }
  .chart figcaption { margin: 0 0 .35rem; }
  .chart { display: grid; grid-template-columns: auto minmax(0, 1fr); column-gap: .5rem; }
  .chart figcaption { grid-column: 1 / -1; }
  .chart svg { display: block; width: 100%; height: 9rem; border: solid var(--line); border-width: 0 0 1px 1px; }
  .chart div { display: flex; justify-content: space-between; color: var(--soft); font-size: .8125rem; line-height: 1; }
  .chart .up { flex-direction: column; text-align: right; }
  .chart .along { grid-column: 2; margin-top: .3rem; }
  .chart path { fill: var(--part3); stroke: var(--done); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
  details { margin-top: .75rem; }
  summary { cursor: pointer; color: var(--accent); font-size: .9375rem; padding: .35rem 0; }
  footer { margin-top: 3rem; color: var(--soft); font-size: .8125rem; }
  .jobs a { font-weight: 600; text-decoration: none; }
  .jobs td.name { white-space: normal; overflow-wrap: anywhere; min-width: 6rem; }
  .jobs .progress { margin: .4rem 0 0; min-width: 6rem; height: .5rem; }
  nav { max-width: 68rem; margin: 0 auto; padding: 1rem 1.25rem 0; font-size: .875rem; }
  nav + main { padding-top: 1rem; }
  .live { color: var(--soft); font-size: .8125rem; }
  @media (max-width: 40rem) {
    main { padding: 1.25rem 1rem 2rem; }
    nav { padding: .75rem 1rem 0; }
    th, td { padding-right: .75rem; }
    h1 { font-size: 1.5rem; }
    .pictures, .maps { grid-template-columns: minmax(0, 1fr); }
    .facts { gap: .5rem 1.5rem; }
    .pairs th { width: 7.5rem; white-space: normal; }
    .jobs th, .jobs td { padding-right: .6rem; }
    .jobs td.name { min-width: 7.5rem; }
    .jobs .progress { min-width: 4rem; }
    .jobs .state { padding: .05rem .45rem; }
  }
  """
