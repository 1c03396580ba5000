// Before anything is painted: the chosen theme and language, so that nothing flashes. A classic script, on purpose.
{
  const chosen = (name) => {
    try {
      return localStorage.getItem(`orders-console.${name}`);
    } catch {
      return null;
    }
  };
  const theme = chosen("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  document.documentElement.lang = chosen("language") ?? (navigator.language.startsWith("es") ? "es" : "en");
}
