// Before the first paint: the theme and language chosen last time.
(function () {
  let said = {};
  try { said = JSON.parse(localStorage.getItem("ronghe") || "{}"); } catch { /* storage may be forbidden */ }
  const asked = new URLSearchParams(location.search);
  const theme = asked.get("theme") || said.theme;
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
  const lang = asked.get("lang") || said.lang || (navigator.language.startsWith("zh") ? "zh" : "en");
  document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
})();
