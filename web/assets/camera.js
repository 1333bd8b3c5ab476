// The camera on the verify page. Where the browser reads QR codes itself, it does;
// elsewhere frames go to the server, at most two a second, small and grey. What
// was read is then asked by the page's own forms.

const lasting = 60_000; // milliseconds until the camera is switched off
const between = { browser: 200, server: 500 };

const place = document.getElementById('camera');
const says = document.getElementById('camera-says');
const button = document.querySelector('[data-camera]');
const video = place?.querySelector('video');

let stream = null;
let opening = false;
let end = 0;

if (place && button && navigator.mediaDevices?.getUserMedia) {
  button.hidden = false;
  button.querySelector('button').addEventListener('click', open);
  place.querySelector('button').addEventListener('click', () => close());
  addEventListener('pagehide', () => close());
  document.addEventListener('visibilitychange', () => { if (document.hidden) close(); });
}

function say(what) {
  says.textContent = what ? place.dataset[what] : '';
  says.hidden = !what;
}

async function open() {
  if (stream || opening) return;
  opening = true;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: 'environment', width: { ideal: 1280 }, height: { ideal: 960 } } });
  } catch (e) {
    say(e.name === 'NotAllowedError' || e.name === 'SecurityError' ? 'refused' : 'none');
    document.getElementById('photo').focus();
    return;
  } finally {
    opening = false;
  }
  if (document.hidden) return close(); // it was allowed after the page had been left
  place.hidden = false;
  button.hidden = true;
  say('looking');
  video.srcObject = stream;
  await video.play();
  end = performance.now() + lasting;
  look(await reader());
}

function close(why) {
  if (!stream) return;
  for (const track of stream.getTracks()) track.stop();
  stream = video.srcObject = null;
  place.hidden = true;
  button.hidden = false;
  say(why);
}

// reader is the browser's own, if it has one.
async function reader() {
  if (!('BarcodeDetector' in window)) return null;
  const formats = await BarcodeDetector.getSupportedFormats().catch(() => []);
  return formats.includes('qr_code') ? new BarcodeDetector({ formats: ['qr_code'] }) : null;
}

async function look(detector) {
  const mine = stream; // closed and opened again, the camera is another's
  while (stream && stream === mine) {
    if (performance.now() > end) return close('over');
    const began = performance.now();
    const found = detector ? await byBrowser(detector) : await byServer();
    if (found) return;
    const pause = detector ? between.browser : between.server;
    await new Promise((done) => setTimeout(done, Math.max(0, pause - (performance.now() - began))));
  }
}

async function byBrowser(detector) {
  const codes = await detector.detect(video).catch(() => []);
  const ours = codes.find((c) => c.rawValue.includes('/v/'));
  if (!ours) {
    if (codes.length) say('other');
    return false;
  }
  close();
  const box = document.getElementById('q');
  box.value = ours.rawValue;
  box.form.requestSubmit();
  return true;
}

const canvas = document.createElement('canvas');

// frame is what the camera sees, as a small grey JPEG.
function frame() {
  const scale = Math.min(1, 1280 / Math.max(video.videoWidth, video.videoHeight));
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  const to = canvas.getContext('2d');
  to.filter = 'grayscale(1)';
  to.drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, 'image/jpeg', 0.8));
}

async function byServer() {
  if (!video.videoWidth) return false;
  const picture = await frame();
  const form = new FormData();
  form.append('file', picture, 'frame.jpg');
  let answer;
  try {
    const r = await fetch('/verify/frame' + place.dataset.query, { method: 'POST', headers: { Accept: 'application/json' }, body: form });
    if (r.status === 429 || r.status === 503) await new Promise((done) => setTimeout(done, 1000 * (Number(r.headers.get('Retry-After')) || 2)));
    if (!r.ok) throw new Error('status ' + r.status);
    answer = await r.json();
  } catch {
    if (stream) say('network');
    return false;
  }
  if (!stream) return true; // closed meanwhile
  if (answer.verdict === 'unsigned') {
    say(answer.findings?.some((f) => f.code === 'other-code') ? 'other' : 'looking');
    return false;
  }
  close();
  const input = document.getElementById('photo');
  const files = new DataTransfer();
  files.items.add(new File([picture], 'frame.jpg', { type: 'image/jpeg' }));
  input.files = files.files;
  input.form.requestSubmit();
  return true;
}
