// Nothing here is needed: every page works without it.

// Copy what is to be pasted.
for (const text of document.querySelectorAll("pre[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text.textContent.trim());
    button.textContent = "Copied";
    setTimeout(() => {
      button.textContent = "Copy";
    }, 2000);
  });
  text.before(button);
}

// Answer while somebody types, with the same page that the form would lead to.
const results = document.querySelector("[data-live]");
const box = document.querySelector("search input");
if (results && box) {
  let asked;
  let timer;
  const show = async () => {
    asked?.abort();
    asked = new AbortController();
    const url = new URL(location.href);
    url.searchParams.set("search", box.value);
    url.searchParams.delete("page");
    try {
      const answer = await fetch(url, { signal: asked.signal, headers: { accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = page.querySelector("[data-live]");
      if (!found) return;
      results.replaceChildren(...found.childNodes);
      document.title = page.title;
      document.querySelector("h1").textContent = page.querySelector("h1").textContent;
      history.replaceState(null, "", url);
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  };
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, 150);
  });
}

// Choosing two versions to compare leads there at once.
document
  .querySelector("form[data-auto]")
  ?.addEventListener("change", (event) => event.currentTarget.requestSubmit());
