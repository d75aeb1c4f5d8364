// The secret of a personal link stands in the fragment, which no server and no log sees; it is sent by the button only.
(() => {
  const secret = location.hash.slice(1), form = document.getElementById("enter");
  if (!secret) return;
  history.replaceState(null, "", location.pathname);
  form.elements.secret.value = secret;
  form.hidden = false;
  document.getElementById("ask").hidden = true;
})();
