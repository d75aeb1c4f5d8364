// The sentence about the age of a page that does not renew itself, also of one shown again by the browser.
(() => {
  const begun = Date.now();
  setInterval(() => { document.getElementById("old").hidden = Date.now() - begun < 60000; }, 1000);
})();
