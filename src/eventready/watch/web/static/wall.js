// The banner "no connection" when the stream of the wall is silent; server and browser may have different clocks.
// A page in sight that stays silent is loaded anew when the server answers: it was restarted, or the session has ended.
// The pause between two attempts doubles up to two minutes, and the banner counts it down.
(() => {
  const SILENT_MS = 10000, LONGEST_MS = 120000;
  const lost = document.getElementById("lost"), left = lost.querySelector("b");
  const { lang, dataset } = document.documentElement;
  let last = Date.now(), tried = last, pause = SILENT_MS;
  document.addEventListener("htmx:sse:after:message", () => { last = Date.now(); pause = SILENT_MS; });
  setInterval(() => {
    const silent = Date.now() - last > SILENT_MS;
    if (lost.hidden === silent) {
      lost.hidden = !silent;
      lost.querySelector("time").textContent = new Date(last).toLocaleTimeString(lang, { timeZone: dataset.zone });
      document.body.classList.toggle("lost", silent);
    }
    if (!silent || document.hidden) tried = Date.now();
    left.textContent = Math.max(0, Math.ceil((tried + pause - Date.now()) / 1000));
    if (Date.now() - tried > pause) {
      tried = Date.now();
      pause = Math.min(2 * pause, LONGEST_MS);
      fetch("/healthz").then((answer) => answer.json()).then(() => location.reload(), () => {});
    }
  }, 1000);
})();
