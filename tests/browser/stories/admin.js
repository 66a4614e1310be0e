// What administrators do.

import assert from "node:assert/strict";
import { test } from "node:test";

import { PASSWORD, leave, look, person, theProgram, visitor } from "../portal.js";

test("an admin adds somebody, changes what they may do, and disables them when they leave", async () => {
  const page = await person("Admin");
  await page.goto("/admin/users/");
  await look(page, "admin-users");
  await page.getByRole("link", { name: "New user" }).click();
  await page.fill("#username", "lena.new");
  await page.fill("#password", "short");
  await page.getByLabel("Worker", { exact: true }).check();
  await page.getByLabel("Altona Shop").check();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("A password must have 8 to 128 characters.").waitFor();
  await look(page, "admin-user-new");
  await page.fill("#password", PASSWORD);
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("The user is added.").waitFor();
  await look(page, "admin-user");
  const lena = await visitor();
  await lena.goto("/accounts/login/");
  await lena.fill("#username", "lena.new");
  await lena.fill("#password", PASSWORD);
  await lena.press("#password", "Enter");
  await lena.getByText("Somebody else set your password.").waitFor();
  await look(lena, "first-password");
  await lena.goto("/stock/");
  await lena.waitForURL("**/accounts/password/");
  await lena.fill("#current", PASSWORD);
  await lena.fill("#new", "three other words");
  await lena.fill("#again", "three other words");
  await lena.getByRole("button", { name: "Change the password" }).click();
  await lena.getByText("Your password is changed.").waitFor();
  await look(lena, "first-password-changed");
  await lena.getByRole("link", { name: "Go on" }).click();
  await lena.getByRole("heading", { name: "Dashboard" }).waitFor();
  assert.equal((await lena.goto("/admin/users/")).status(), 403);
  await page.getByLabel("Manager", { exact: true }).check();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Roles and branches are set").waitFor();
  await page.getByRole("button", { name: "Disable" }).click();
  await page.getByText("The user is disabled").waitFor();
  await lena.goto("/");
  await lena.waitForURL("**/accounts/login/");
  await leave(lena);
  await page.goto(`/search/?q=${page.person}`);
  await page.getByRole("cell").getByRole("link", { name: page.person }).click();
  await page.getByText("This is you.").waitFor();
  assert.equal(await page.getByRole("button", { name: "Disable" }).count(), 0);
  await leave(page);
});

test("a group that needs a second factor leads its members to one", async () => {
  const page = await person("Admin");
  const auditor = await person("Auditor");
  await page.goto("/admin/users/");
  const row = page.getByRole("row", { name: /^Auditor/ });
  await row.getByRole("button", { name: /Require it/ }).click();
  await page.getByText("The group is changed.").waitFor();
  await auditor.goto("/stock/");
  await auditor.getByText("Your group needs a second factor.").waitFor();
  await page.getByRole("row", { name: /^Auditor/ }).getByRole("button", { name: /Make it optional/ }).click();
  await page.getByText("The group is changed.").waitFor();
  await leave(auditor);
  await leave(page);
});

test("an admin adds a program, whose secret is shown once and gets a token", async () => {
  const page = await person("Admin");
  await page.goto("/admin/clients/");
  await page.fill("#name", "till-7");
  await page.getByLabel("Auditor", { exact: true }).check();
  await page.getByLabel("All branches").check();
  await page.getByRole("button", { name: "Add, and show the secret" }).click();
  await page.getByText("The secret is shown this once.").waitFor();
  const [id, secret] = await page.locator(".alert dd").allInnerTexts();
  await look(page, "admin-clients");
  const body = new URLSearchParams({ grant_type: "client_credentials", client_id: id, client_secret: secret });
  const answer = await fetch(`${theProgram().portal}/oauth/token`, { method: "POST", body });
  assert.equal(answer.status, 200);
  await page.goto("/admin/clients/");
  assert.ok(!(await page.content()).includes(secret));
  const owner = page.getByLabel("Answers for it: till-7");
  assert.equal(await owner.inputValue(), page.person);
  await owner.fill("no-such-user");
  await page.getByRole("button", { name: /Save.*till-7/ }).click();
  await page.getByText("There is no active user of that name.").waitFor();
  await look(page, "admin-clients-owner");
  await page.getByLabel("Answers for it: till-7").fill("");
  await page.getByRole("button", { name: /Save.*till-7/ }).click();
  await page.getByText("It is set who answers for the program.").waitFor();
  await page.getByRole("button", { name: /Disable.*till-7/ }).click();
  await page.getByText("The program is disabled").waitFor();
  await leave(page);
});

test("an admin makes a new signing key", async () => {
  const page = await person("Admin");
  await page.goto("/admin/keys/");
  await page.getByRole("button", { name: "Make a new key" }).click();
  await page.getByText("A new key is made and published.").waitFor();
  await look(page, "admin-keys");
  await leave(page);
});

test("an admin reads the policies, has a decision explained, and checks one with a fault", async () => {
  const page = await person("Admin");
  theProgram().addUser("asked-worker", "Worker", ["Altona Shop"]);
  await page.goto("/admin/policies/");
  await page.fill("#who", "asked-worker");
  await page.selectOption("#action", "FulfillOrders");
  await page.selectOption("#kind", "order");
  await page.selectOption("#branch", { label: "Altona Shop" });
  await page.getByRole("button", { name: "Explain" }).click();
  await page.getByText("Forbidden: no policy permits it.").waitFor();
  await page.selectOption("#branch", { label: "Lyon Depot" });
  await page.getByRole("button", { name: "Explain" }).click();
  await page.getByText("Hidden: the branch is not among theirs").waitFor();
  await page.fill("#text", 'forbid (principal, action == Action::"FlyToTheMoon", resource);');
  await page.getByRole("button", { name: "Check" }).click();
  await page.locator(".field-error").first().waitFor();
  await look(page, "admin-policies");
  await leave(page);
});

test("an admin sees how the parts of the program are", async () => {
  const page = await person("Admin");
  await page.goto("/admin/health/");
  await page.getByText("Ready:").waitFor();
  await look(page, "admin-health");
  await leave(page);
});

test("after ten minutes an act on accounts asks for the password, keeps the form, and goes on", async () => {
  const page = await person("Admin");
  await page.goto("/admin/users/new/");
  await page.fill("#username", "kept.form");
  await page.fill("#password", "a first password");
  await page.getByLabel("Auditor", { exact: true }).check();
  await page.getByLabel("Altona Shop").check();
  theProgram().letTimePass();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Confirm that it is you" }).waitFor();
  assert.ok(!(await page.content()).includes("a first password"));
  await look(page, "confirm");
  await page.fill("#confirm_password", "not this one");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("That is not your password.").waitFor();
  await look(page, "confirm-refused");
  await page.fill("#confirm_password", PASSWORD);
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("The user is added.").waitFor();
  assert.ok(await page.getByLabel("Auditor", { exact: true }).isChecked());
  assert.ok(await page.getByLabel("Altona Shop").isChecked());
  await leave(page);
});

test("whoever has no script confirms an act all the same", async () => {
  const page = await person("Admin", { javaScriptEnabled: false });
  await page.goto("/admin/keys/");
  theProgram().letTimePass();
  await page.getByRole("button", { name: "Make a new key" }).click();
  await page.fill("#confirm_password", PASSWORD);
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("A new key is made and published.").waitFor();
  await leave(page);
});

test("an auditor finds in the portal's audit who added a program, and takes it as a file", async () => {
  const admin = await person("Admin");
  await admin.goto("/admin/clients/");
  await admin.fill("#name", "till-audited");
  await admin.getByLabel("Auditor", { exact: true }).check();
  await admin.getByLabel("All branches").check();
  await admin.getByRole("button", { name: "Add, and show the secret" }).click();
  await admin.getByText("The secret is shown this once.").waitFor();
  await admin.goto("/admin/users/");
  await admin.getByRole("navigation", { name: "Administration" }).getByRole("link", { name: "Audit" }).click();
  await admin.getByRole("heading", { name: "Audit of people, programs and keys" }).waitFor();
  await look(admin, "admin-audit");
  const auditor = await person("Auditor");
  await auditor.goto("/audit/");
  await auditor.getByRole("link", { name: "People, programs and keys" }).click();
  await auditor.fill("#person", admin.person);
  await auditor.fill("#action", "client.added");
  await auditor.getByRole("button", { name: "Find" }).click();
  await auditor.getByText(/^Entry/).click();
  await auditor.getByText("till-audited").waitFor();
  await look(auditor, "portal-audit");
  const [download] = await Promise.all([auditor.waitForEvent("download"), auditor.getByRole("link", { name: "CSV" }).click()]);
  assert.equal(download.suggestedFilename(), "portal-audit.csv");
  await auditor.getByRole("link", { name: "Check its seal" }).click();
  await auditor.getByRole("status").waitFor();
  await auditor.goto("/admin/audit/?person=nobody-at-all");
  await auditor.getByText("No entries were found.").waitFor();
  await look(auditor, "portal-audit-none");
  await leave(auditor);
  await leave(admin);
});
