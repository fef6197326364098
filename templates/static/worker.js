// Keeps the first page, its parts and the signed lists, so that a certificate's file can be checked without a network.
//
// Whatever the site has newer is taken first; what is kept answers only where the site does not. Each list carries its
// own date, which the page shows. No certificate and no page about one is ever kept: a device may have several users.
"use strict";

const CACHE = "handseal-1"; // its number changes with what is kept, not with the pages: those have a digest in their address
const HOME = "/";
const PATIENCE = 10_000; // milliseconds until a site that does not answer counts as gone
const LISTS = /^\/(?:index\.json|trust\/[a-z0-9.]+\.json|status\/[a-z0-9/-]+\.jwt|programmes\/[a-z0-9-]+\/[0-9]+\.json)$/;
const PARTS = /(?:src|href|data-verifier|data-words)="(\/static\/[^"]+)"/g;

/** The first page and every part of it that it names; parts of an older one are dropped. */
async function keepHome(response) {
  const cache = await caches.open(CACHE);
  const parts = [...(await response.clone().text()).matchAll(PARTS)].map(([, address]) => address.replaceAll("&amp;", "&"));
  for (const part of parts) if (!(await cache.match(part))) await cache.add(part);
  await cache.put(HOME, response);
  const named = new Set(parts.map((part) => new URL(part, location.origin).href));
  for (const request of await cache.keys()) {
    if (request.url.includes("/static/") && request.url.includes("?v=") && !named.has(request.url)) await cache.delete(request);
  }
}

/** An upload takes as long as it takes; only what could be kept is given up. */
const online = (request) =>
  request.method === "GET" ? fetch(request, { signal: AbortSignal.timeout(PATIENCE) }) : fetch(request);

/** A page: from the site; without it the first page, which says that it is alone. */
async function page(request) {
  const url = new URL(request.url);
  try {
    const response = await online(request);
    if (response.ok && url.pathname === HOME && request.method === "GET") await keepHome(response.clone());
    return response;
  } catch {
    if (url.pathname !== HOME || !url.searchParams.has("offline")) return Response.redirect(`${HOME}?offline`, 302);
    return (await caches.match(HOME, { cacheName: CACHE })) ?? Response.error();
  }
}

/** A signed list: the newest, else the one that was kept. */
async function list(request) {
  const cache = await caches.open(CACHE);
  try {
    const response = await online(request);
    if (response.ok) await cache.put(request.url, response.clone());
    return response;
  } catch {
    return (await cache.match(request.url)) ?? Response.error();
  }
}

/** A part of the pages: its address changes with its content, so that the kept one is the right one. */
async function part(request) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request.url);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok) await cache.put(request.url, response.clone());
  return response;
}

self.addEventListener("install", (event) => {
  event.waitUntil(fetch(HOME, { cache: "no-cache" }).then(keepHome).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const drop = async () => {
    for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  };
  event.waitUntil(drop());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (request.method !== "GET") return;
  else if (LISTS.test(url.pathname)) event.respondWith(list(request));
  else if (url.pathname.startsWith("/static/")) event.respondWith(part(request));
});
