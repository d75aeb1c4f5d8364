// The banner "no connection" when the stream of the wall is silent; server and browser may have different clocks.
// A page in sight that stays silent is loaded anew when the server answers: it was restarted, or the login has ended.
(() => {
  const SILENT_MS = 10000;
  const lost = document.getElementById("lost");
  let last = Date.now(), tried = last;
  document.addEventListener("htmx:sse:after:message", () => { last = Date.now(); });
  setInterval(() => {
    const silent = Date.now() - last > SILENT_MS;
    if (lost.hidden === silent) {
      lost.hidden = !silent;
      lost.querySelector("time").textContent = new Date(last).toLocaleTimeString(document.documentElement.lang);
      document.body.classList.toggle("lost", silent);
    }
    if (!silent || document.hidden) tried = Date.now();
    if (Date.now() - tried > SILENT_MS) {
      tried = Date.now();
      fetch("/healthz").then((answer) => answer.json()).then(() => location.reload(), () => {});
    }
  }, 1000);
})();
