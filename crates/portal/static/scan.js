// Reading barcodes with the camera, where the browser can. A scanner that types needs none of this.
(() => {
  const form = document.querySelector("[data-scan]");
  if (!form) return;
  const code = form.querySelector("#code");
  const start = form.querySelector("[data-camera]");
  const video = form.querySelector("[data-video]");
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices) return;
  start.hidden = false;

  const read = async (detector) => {
    if (video.hidden) return;
    const [found] = await detector.detect(video).catch(() => []);
    if (found?.rawValue) {
      for (const track of video.srcObject.getTracks()) track.stop();
      video.hidden = true;
      navigator.vibrate?.(80);
      code.value = found.rawValue;
      form.requestSubmit();
      return;
    }
    requestAnimationFrame(() => read(detector));
  };

  start.addEventListener("click", async () => {
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      video.hidden = false;
      start.hidden = true;
      await video.play();
      read(new BarcodeDetector());
    } catch {
      form.querySelector("[data-camera-refused]").hidden = false;
    }
  });
})();
