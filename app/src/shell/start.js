// Brings the page to life once it has been painted: it can be read before, and what it is read with comes first. A page
// that nobody sees is not painted.
((assets, name) => {
  const start = async () => {
    const wasm = fetch(`${assets}/${name}.wasm`);
    const page = await import(`${assets}/${name}.js`);
    await page.default({ module_or_path: wasm });
    // What comes next is a piece of work of its own.
    setTimeout(page.hydrate);
  };
  if (document.hidden) start();
  else requestAnimationFrame(() => setTimeout(start));
})
