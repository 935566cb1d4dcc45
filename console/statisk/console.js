// Keeps the marked part of a page fresh by fetching it again. Without this script every page works; it is then as fresh as
// when it was opened. Updating can be stopped, waits while someone works inside the part, and never moves the focus.
"use strict";
(() => {
  const del = document.querySelector("[data-live]");
  const bund = document.querySelector("[data-livebund]");
  if (!del || !bund) return;
  const knap = bund.querySelector("[data-liveknap]");
  const tekst = bund.querySelector("[data-livetekst]");
  const hvert = 2000;
  let taendt = sessionStorage.getItem("mox-live") !== "slukket";
  let sidst = "";

  const sig = (hvad) => {
    const s = tekst.dataset[hvad];
    if (tekst.textContent !== s) tekst.textContent = s;
    tekst.dataset.stand = hvad;
  };
  const visKnap = () => { knap.textContent = taendt ? knap.dataset.stop : knap.dataset.start; };
  const optaget = () => del.contains(document.activeElement) || markeret() || skrevet();
  const skrevet = () => [...del.querySelectorAll("input, textarea")].some((f) => f.value !== f.defaultValue);
  const markeret = () => {
    const s = getSelection();
    return s && !s.isCollapsed && del.contains(s.anchorNode);
  };
  const aabne = () => [...del.querySelectorAll("details")].map((d) => d.open);
  const tael = (n) => document.querySelectorAll("[data-aabne-fejl]").forEach((t) => {
    t.hidden = n === "0";
    t.querySelector("b").textContent = Number(n).toLocaleString(document.documentElement.lang);
  });

  const indsaet = (html) => {
    if (html === sidst) return;
    const foer = sidst === "" ? null : aabne();
    const varAabne = foer || aabne();
    sidst = html;
    del.innerHTML = html;
    // What a reader had unfolded stays unfolded, as long as the parts are the same.
    const nye = del.querySelectorAll("details");
    if (nye.length === varAabne.length) nye.forEach((d, i) => { d.open = varAabne[i]; });
  };

  const hent = async () => {
    if (!taendt || document.hidden) return;
    if (optaget()) return sig("venter");
    try {
      const svar = await fetch(del.dataset.live, { redirect: "error", headers: { Accept: "text/html" } });
      if (!svar.ok) return sig("mistet");
      const html = await svar.text();
      if (!taendt || optaget()) return;
      tael(svar.headers.get("X-Aabne-Fejl") || "0");
      indsaet(html);
      sig("taendt");
    } catch {
      sig("mistet");
    }
  };

  knap.addEventListener("click", () => {
    taendt = !taendt;
    sessionStorage.setItem("mox-live", taendt ? "taendt" : "slukket");
    visKnap();
    sig(taendt ? "taendt" : "slukket");
    hent();
  });
  visKnap();
  sig(taendt ? "taendt" : "slukket");
  bund.hidden = false;
  const igen = () => setTimeout(async () => { await hent(); igen(); }, hvert);
  igen();
})();
