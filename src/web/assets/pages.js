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

// Answer while somebody types, with what the page has that the form would lead to.
const results = document.querySelector("[data-live]");
const box = document.querySelector("search input");
if (results && box) {
  const before = [...results.childNodes];
  const isElsewhere = results.dataset.live !== location.pathname;
  let asked;
  let timer;
  const find = async () => {
    asked?.abort();
    asked = new AbortController();
    const url = new URL(results.dataset.live, location.href);
    if (!isElsewhere) url.search = location.search;
    url.searchParams.set("search", box.value);
    url.searchParams.delete("page");
    const answer = await fetch(url, { signal: asked.signal, headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.querySelector("[data-live]");
    if (!found) return;
    results.replaceChildren(...found.childNodes);
    if (isElsewhere) return;
    document.title = page.title;
    history.replaceState(null, "", url);
  };
  const show = async () => {
    if (isElsewhere && box.value.trim() === "") {
      asked?.abort();
      results.replaceChildren(...before);
      return;
    }
    await find().catch((error) => {
      // The next letter came before the answer.
      if (error.name !== "AbortError") throw error;
    });
  };
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, 150);
  });
}
