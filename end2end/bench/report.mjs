// What the measurements in a browser share: tables in Markdown, and the longest task of a page.
export const row = (...cells) => console.log(`| ${cells.join(" | ")} |`);

export const table = (title, ...columns) => {
  console.log(`\n### ${title}\n`);
  row(...columns);
  console.log(`|${"---|".repeat(columns.length)}`);
};

/** Runs in a page before its first script, and notes what holds it up. */
export function watchTasks() {
  globalThis.longest = 0;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) globalThis.longest = Math.max(globalThis.longest, duration);
  }).observe({ type: "longtask", buffered: true });
}

/** The longest task of a page since the last look. */
export const longestTask = (page) => page.evaluate(() => { const was = globalThis.longest; globalThis.longest = 0; return was; });

/** The longest task in words; Chromium only tells of those of 50 ms and more. */
export const task = (longest) => (longest === 0 ? "< 50" : longest.toFixed(0));
