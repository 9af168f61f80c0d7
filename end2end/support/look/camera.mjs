// Takes the pictures that are looked at.
import { join } from "node:path";
import { widths } from "../browser.mjs";
import { go, turn, until } from "../people.mjs";

/** A camera whose pictures go into a folder: all of them, or those whose names begin as is `wanted`. */
export function startCamera(folder, wanted) {
  let taken = 0;
  let states = 0;
  const isWanted = (name) => wanted.length === 0 || wanted.some((start) => name.startsWith(start));

  async function take(page, name) {
    taken += 1;
    await page.screenshot({ path: join(folder, `${name}.png`) });
  }

  /** What is in sight while a question stands above the page; where it is longer than the window, also its end. */
  async function takeDialog(page, name) {
    const dialog = page.locator("dialog[open]");
    await dialog.evaluate((it) => it.scrollTo(0, 0));
    await take(page, name);
    if (!(await dialog.evaluate((it) => it.scrollHeight > it.clientHeight + 1))) return;
    await dialog.evaluate((it) => it.scrollTo(0, it.scrollHeight));
    await take(page, `${name}-end`);
  }

  /** Takes a page as it stands, in both widths and both schemes. */
  async function look({ page }, name) {
    if (!isWanted(name)) return;
    states += 1;
    const start = `${String(states).padStart(3, "0")}-${name}`;
    for (const [width, viewport] of Object.entries(widths)) {
      await page.setViewportSize(viewport);
      for (const colorScheme of ["light", "dark"]) {
        await turn(page, colorScheme);
        const whole = `${start}-${width}-${colorScheme}`;
        if (await page.locator("dialog[open]").count()) {
          await takeDialog(page, whole);
          continue;
        }
        // The whole page in one picture: bars that stay in sight would otherwise lie across its middle.
        const height = await page.evaluate(() => document.documentElement.scrollHeight);
        await page.setViewportSize({ width: viewport.width, height: Math.max(height, viewport.height) });
        await take(page, whole);
        await page.setViewportSize(viewport);
      }
    }
    await turn(page, "light");
  }

  /** A page as it waits for who people are, and as it is when nobody says. */
  async function lookWithoutPeople(someone, url, name) {
    const people = "**/api/v1/people/**";
    const held = [];
    await someone.context.route(people, (route) => void held.push(route));
    await go(someone, url);
    await until(() => held.length > 0, "somebody is asked for");
    await someone.page.locator(".skeleton").first().waitFor();
    await look(someone, `${name}-loading`);
    await someone.context.route(people, (route) => route.abort());
    for (const route of held.splice(0)) await route.abort();
    // Whatever it says then, and be it that there is nothing.
    await someone.page.locator("main :is(.alert, .empty)").first().waitFor();
    await look(someone, `${name}-error`);
    await someone.context.unroute(people);
  }

  return { look, lookWithoutPeople, taken: () => taken };
}
