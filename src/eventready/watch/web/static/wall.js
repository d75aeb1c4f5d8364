// The banner "no connection" when the stream of the wall is silent; server and browser may have different clocks.
(() => {
  const SILENT_MS = 10000;
  const lost = document.getElementById("lost");
  let last = Date.now();
  document.addEventListener("htmx:sse:after:message", () => { last = Date.now(); });
  setInterval(() => {
    const silent = Date.now() - last > SILENT_MS;
    if (lost.hidden === silent) {
      lost.hidden = !silent;
      lost.querySelector("time").textContent = new Date(last).toLocaleTimeString(document.documentElement.lang);
      document.body.classList.toggle("lost", silent);
    }
  }, 1000);
})();
