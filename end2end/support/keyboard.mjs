// What somebody does who has no mouse: goes from one thing to the next, and looks where they are.
import assert from "node:assert/strict";
import { heading, until } from "./people.mjs";

/** Whether this has the focus. */
export const hasFocus = (wanted) => wanted.evaluate((element) => element === document.activeElement);

/** Fails unless something has the focus, with a line around it that is in sight. */
export async function assertFocusSeen(page, what) {
  await until(() => page.evaluate(() => document.activeElement !== document.body), `something has the focus: ${what}`);
  const { isLined, isInSight } = await page.evaluate(() => {
    const focused = document.activeElement;
    // The line is around the whole row of a name, and around the track of a switch.
    const lined = [focused, focused.closest(".item"), focused.matches("[role=switch]") && focused.nextElementSibling];
    const isLined = lined.some((element) => {
      if (!element) return false;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      return outlineStyle !== "none" && parseFloat(outlineWidth) > 0;
    });
    const { left, top, width, height } = focused.getBoundingClientRect();
    const parts = [0.1, 0.5, 0.9];
    const points = parts.flatMap((across) => parts.map((down) => [left + across * width, top + down * height]));
    const isInSight = points.some(([x, y]) => {
      const seen = document.elementFromPoint(x, y);
      // What was just done is said above everything for some seconds.
      return seen && (focused.contains(seen) || seen.contains(focused) || seen.closest(".toasts"));
    });
    return { isLined, isInSight };
  });
  assert.ok(isLined, `the focus is seen: ${what}`);
  assert.ok(isInSight, `what has the focus is in sight: ${what}`);
}

/** Presses Tab, or Shift+Tab to go `back`, until the focus is on this, which must then be seen. */
export async function reach(page, wanted, what, { back = false } = {}) {
  await wanted.waitFor();
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press(back ? "Shift+Tab" : "Tab");
    if (await hasFocus(wanted)) return assertFocusSeen(page, what);
  }
  assert.fail(`Tab does not lead to ${what}`);
}

/** The same, to the first thing of this role and name. */
export async function tabTo(page, role, name, options) {
  await reach(page, page.getByRole(role, { name, exact: typeof name === "string" }).first(), `${role} ${name}`, options);
}

/** Waits until a page is there, with the focus on its heading. */
export async function arrive(page, name) {
  await heading(page, name);
  const title = page.getByRole("heading", { level: 1, name, exact: typeof name === "string" }).first();
  await until(() => hasFocus(title), `the focus is on the heading ${name}`);
  await assertFocusSeen(page, `the heading ${name}`);
}
