/** The pages of device authorization; the way through them is in device.ts. */
import type { Device } from "../accounts/devices.ts";
import { covers, type Permission, scopeOf } from "../accounts/permission.ts";
import type { Credential } from "../accounts/types.ts";
import { meaningOf } from "./account/words.ts";
import { Wrong } from "./page.tsx";
import { CredentialFields } from "./sign-in.tsx";

const action = "/oauth/device";

export function CodeEntry({ code, wrong }: { code: string; wrong?: string }) {
  return (
    <form method="post" action={action}>
      {wrong ? <Wrong>{wrong}</Wrong> : null}
      <p>Type the code that your terminal shows.</p>
      <label for="user_code">Code</label>
      <input
        class="entry"
        type="text"
        id="user_code"
        name="user_code"
        value={code}
        required
        maxlength={20}
        autocomplete="off"
        autocapitalize="characters"
        spellcheck={false}
      />
      <button type="submit">Continue</button>
    </form>
  );
}

export function SignIn({ code, name, wrong }: { code: string; name: string; wrong?: string }) {
  return (
    <form method="post" action={action}>
      {wrong ? <Wrong>{wrong}</Wrong> : null}
      <p>A terminal with this code asks for access to your account.</p>
      <p class="code">{spaced(code)}</p>
      <input type="hidden" name="user_code" value={code} />
      <input type="hidden" name="step" value="sign_in" />
      <CredentialFields name={name} />
    </form>
  );
}

export function Approval(shown: {
  code: string;
  device: Device;
  credential: Credential;
  userName: string;
  /** Of the page's session, so that no other site can send the form. */
  formId: string;
  wrong?: string;
}) {
  const { code, device, credential, userName, formId, wrong } = shown;
  return (
    <form method="post" action={`${action}/decision`}>
      {wrong ? <Wrong>{wrong}</Wrong> : null}
      <p>Approve only if you started this yourself, and your terminal shows the same code.</p>
      <p class="code">{spaced(code)}</p>
      <dl>
        <dt>Terminal</dt>
        <dd>{device.name}</dd>
        {device.ip === null ? null : (
          <>
            <dt>Address</dt>
            <dd>{device.ip}</dd>
          </>
        )}
        <dt>You are</dt>
        <dd>{userName}</dd>
      </dl>
      <input type="hidden" name="user_code" value={code} />
      <input type="hidden" name="form" value={formId} />
      <fieldset>
        <legend>What it may do for 30 days</legend>
        {device.permissions.map((permission) => (
          <Choice
            permission={permission}
            isPossible={covers(credential.holder.permissions, permission)}
          />
        ))}
      </fieldset>
      <div class="buttons">
        <button type="submit" name="decision" value="approve">
          Approve
        </button>
        <button type="submit" name="decision" value="deny" class="second">
          Deny
        </button>
      </div>
    </form>
  );
}

export function Decided({ isApproved }: { isApproved: boolean }) {
  return isApproved ? (
    <p>
      <strong class="good">Approved.</strong> Go back to your terminal: it goes on by itself. You
      can close this page.
    </p>
  ) : (
    <p>
      <strong>Denied.</strong> The terminal was given nothing. You can close this page.
    </p>
  );
}

function Choice({ permission, isPossible }: { permission: Permission; isPossible: boolean }) {
  const scope = scopeOf(permission);
  return (
    <label class="choice">
      <input
        type="checkbox"
        name="scope"
        value={scope}
        checked={isPossible}
        disabled={!isPossible}
      />
      <span>
        <span>{meaningOf(permission)}</span>
        <code>{scope}</code>
        {isPossible ? null : <span class="quiet">The key you signed in with cannot do this.</span>}
      </span>
    </label>
  );
}

/** As mix shows it: `ABCD-EFGH`. */
function spaced(code: string): string {
  return `${code.slice(0, 4)}-${code.slice(4)}`;
}
