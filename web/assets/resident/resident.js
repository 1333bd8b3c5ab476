// What the residents' pages gain from scripts; every one of them works without.

document.querySelector('[data-focus]')?.focus();

// The number of a case after "#", as the QR code of a slip has it; one in another
// shape is no such number.
const numbered = document.querySelector('[data-fragment]');
if (numbered && /^#[0-9A-Za-z]{10}$/.test(location.hash)) {
  numbered.value = location.hash.slice(1);
  document.getElementById('code').focus();
}

// A second press sends nothing twice.
document.addEventListener('submit', (e) => {
  if (e.target.dataset.sent) { e.preventDefault(); return; }
  e.target.dataset.sent = '1';
  e.submitter?.setAttribute('aria-busy', 'true');
});
addEventListener('pageshow', () => {
  for (const f of document.forms) delete f.dataset.sent;
  for (const b of document.querySelectorAll('[aria-busy]')) b.removeAttribute('aria-busy');
});

// A photograph goes at once: who takes one and presses on would otherwise leave it behind.
// One that is too large does not: it would take minutes to be refused.
for (const input of document.querySelectorAll('[data-goes]')) {
  input.addEventListener('change', () => {
    const large = document.getElementById(input.id + '-large');
    large.hidden = !(input.files[0]?.size > Number(large.dataset.most));
    if (large.hidden) input.form.requestSubmit(input.form.querySelector('button'));
    else input.value = '';
  });
}

for (const button of document.querySelectorAll('[data-print]')) {
  button.hidden = false;
  button.addEventListener('click', () => print());
}

// What is to be handed on is copied where the browser allows it.
for (const button of document.querySelectorAll('[data-copy]')) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = button.dataset.done;
  });
}
