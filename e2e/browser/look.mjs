// Opens a page at two widths, light and dark, and says in one line of JSON each what the browser and axe-core have
// against it: node look.mjs MODULES CHROMIUM PAGE [PICTURES]
import { createRequire } from "node:module";
import { join } from "node:path";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [modules, chromium, page, pictures] = process.argv.slice(2);
const require = createRequire(join(modules, "node_modules", "none.js"));
const axe = readFileSync(require.resolve("axe-core"), "utf8");
const browser = await require("playwright-core").chromium.launch({ executablePath: chromium, args: ["--no-sandbox"] });

for (const width of [1280, 390])
  for (const colorScheme of ["light", "dark"]) {
    const at = { width, colorScheme, messages: [], requests: [], violations: [], wider: 0, charts: 0, unnamed: 0, found: null };
    // First as readers see it, under the page's own policy.
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
    const tab = await context.newPage();
    tab.on("console", (m) => at.messages.push(m.text()));
    tab.on("pageerror", (e) => at.messages.push(String(e)));
    tab.on("dialog", (d) => (at.messages.push("dialog " + d.message()), d.dismiss()));
    tab.on("request", (r) => r.url().startsWith("file:") || r.url() === "data:," || at.requests.push(r.url()));
    await tab.goto(pathToFileURL(page).href);
    const search = tab.locator(".find input").first();
    if (await search.count()) {
      const rows = tab.locator("#catalogue tbody tr:visible");
      const all = await rows.count();
      await search.fill("page_path");
      const some = await rows.count();
      await search.fill("nothing is called so");
      at.found = { all, some, none: await rows.count(), said: await tab.locator(".none").first().textContent() };
      await search.fill("");
    }
    const picture = (name) => pictures && tab.screenshot({ path: join(pictures, `${width}-${colorScheme}${name}.png`), fullPage: true });
    await picture("");
    await tab.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));
    Object.assign(at, await tab.evaluate(() => ({
      wider: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      charts: document.querySelectorAll("figure svg[role=img]").length,
      unnamed: [...document.querySelectorAll("svg[role=img]")].filter((s) => !s.getAttribute("aria-label")).length,
    })));
    await picture("-open");
    await context.close();
    // Then with everything open for axe-core, which the policy would not let in.
    const lenient = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, bypassCSP: true });
    const examined = await lenient.newPage();
    await examined.goto(pathToFileURL(page).href);
    await examined.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));
    await examined.addScriptTag({ content: axe });
    const { violations } = await examined.evaluate(() => window.axe.run());
    at.violations = violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200)).join(" | ")}`);
    await lenient.close();
    console.log(JSON.stringify(at));
  }
await browser.close();
