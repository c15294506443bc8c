// Put an offer of our own in the place of that of a connection.
async (path) => {
  const peer = new RTCPeerConnection();
  peer.createDataChannel("data");
  const offer = await peer.createOffer();
  const answer = await fetch(path, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ sdp_offer: offer.sdp }),
  });
  peer.close();
  return answer.status;
};
