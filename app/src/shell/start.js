// Brings the page to life once it has been painted: it can be read before, and what it is read with comes first. A page
// that nobody sees is not painted, and not every browser says when one is.
((assets, name) => {
  let isStarted = false;
  const start = async () => {
    if (isStarted) return;
    isStarted = true;
    const wasm = fetch(`${assets}/${name}.wasm`);
    const page = await import(`${assets}/${name}.js`);
    await page.default({ module_or_path: wasm });
    // What comes next is a piece of work of its own.
    setTimeout(page.hydrate);
  };
  if (document.hidden) return start();
  setTimeout(start, 2_000);
  const saysWhen = globalThis.PerformanceObserver?.supportedEntryTypes?.includes("paint");
  if (saysWhen) new PerformanceObserver(start).observe({ type: "paint", buffered: true });
  else requestAnimationFrame(() => setTimeout(start));
})
