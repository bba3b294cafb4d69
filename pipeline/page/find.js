for (const input of document.querySelectorAll(".find input")) {
  const none = input.parentElement.nextElementSibling, said = none.textContent;
  const rows = [...none.nextElementSibling.querySelectorAll("tbody tr")].map((row) => [row, row.textContent.toLowerCase()]);
  none.textContent = "";
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const [row, text] of rows) found += !(row.hidden = !words.every((word) => text.includes(word)));
    none.textContent = found ? "" : said;
  });
}
