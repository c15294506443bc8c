// The mean colour of a strip of a video, as it was decoded; null if there is no frame yet.
([selector, left, right]) => {
  const video = document.querySelector(selector);
  if (!video.videoWidth) return null;
  const canvas = document.createElement("canvas");
  const { videoWidth: width, videoHeight: height } = video;
  Object.assign(canvas, { width, height });
  const brush = canvas.getContext("2d");
  brush.drawImage(video, 0, 0);
  const from = Math.round(left * width);
  const { data } = brush.getImageData(from, 0, Math.round(right * width) - from, height);
  const sums = [0, 0, 0];
  for (let at = 0; at < data.length; at += 1) if (at % 4 < 3) sums[at % 4] += data[at];
  return sums.map((sum) => (4 * sum) / data.length);
};
