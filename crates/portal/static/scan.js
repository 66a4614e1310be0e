// Reading barcodes with the camera. A scanner that types needs none of this.
(() => {
  const form = document.querySelector("[data-scan]");
  if (!form || !navigator.mediaDevices) return;
  const code = form.querySelector("#code");
  const start = form.querySelector("[data-camera]");
  const video = form.querySelector("[data-video]");
  start.hidden = false;

  /** What finds a code in the picture, or nothing. Where the browser cannot, a library does, which is fetched then. */
  const reader = async () => {
    if ("BarcodeDetector" in window) {
      const detector = new BarcodeDetector();
      return async () => (await detector.detect(video))[0]?.rawValue;
    }
    await new Promise((resolve, reject) => {
      const script = document.createElement("script");
      Object.assign(script, { src: form.dataset.reader, onload: resolve, onerror: reject });
      document.head.append(script);
    });
    const canvas = document.createElement("canvas");
    const picture = canvas.getContext("2d", { willReadFrequently: true });
    const decoder = new ZXing.MultiFormatReader();
    decoder.setHints(new Map([[ZXing.DecodeHintType.TRY_HARDER, true]]));
    return async () => {
      [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
      picture.drawImage(video, 0, 0);
      const seen = new ZXing.HTMLCanvasElementLuminanceSource(canvas);
      return decoder.decodeWithState(new ZXing.BinaryBitmap(new ZXing.HybridBinarizer(seen))).getText();
    };
  };

  const look = async (read) => {
    // A picture without a code is not found, which is no fault.
    const found = await read().catch(() => undefined);
    if (!found) {
      setTimeout(() => look(read), 60);
      return;
    }
    for (const track of video.srcObject.getTracks()) track.stop();
    video.hidden = true;
    navigator.vibrate?.(80);
    code.value = found;
    form.requestSubmit();
  };

  start.addEventListener("click", async () => {
    start.hidden = true;
    try {
      const [read, stream] = await Promise.all([
        reader(),
        navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } }),
      ]);
      video.srcObject = stream;
      video.hidden = false;
      await video.play();
      look(read);
    } catch {
      form.querySelector("[data-camera-refused]").hidden = false;
    }
  });
})();
