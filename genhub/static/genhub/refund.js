// The page of a refund: whoever ticks a picture means the pictures, and sees at once what they come to.
(() => {
  "use strict";

  const boxes = [...document.querySelectorAll("#ticks input[type=checkbox]")];
  const amount = document.getElementById("id_amount");
  const way = (name) => document.querySelector(`input[name=how][value=${name}]`);

  const add = () => boxes.filter((box) => box.checked).reduce((sum, box) => sum + Number(box.dataset.credits), 0);

  for (const box of boxes) {
    box.addEventListener("change", () => {
      const pictures = way("pictures");
      if (pictures) pictures.checked = true;
      amount.value = add() || "";
    });
  }
  // What is typed is meant, too.
  amount?.addEventListener("input", () => {
    const sum = way("sum");
    if (sum) sum.checked = true;
  });
})();
