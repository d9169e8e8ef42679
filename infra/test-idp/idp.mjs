// An OpenID provider to try sign-in with. It believes everybody: any login name, any password. For trying only; it listens on loopback.
//
//   npm install --no-package-lock && node idp.mjs [port] [root of the service] [back_channel_logout_uri]
//
// Client id "provisioning", client secret "provisioning-secret". The login name "ken" is the person ken@acme.example; a name with an @ is
// taken as it is. A client with a key of its own (private_key_jwt) registers itself: POST /reg.
import Provider from 'oidc-provider';

const [port = '9080', root = 'http://127.0.0.1:5080', logout] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;

const person = login => ({
  sub: login,
  email: login.includes('@') ? login : `${login}@acme.example`,
  email_verified: true,
  name: login.split('@')[0],
  groups: ['everybody'],
});

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'provisioning',
    client_secret: 'provisioning-secret',
    redirect_uris: [`${root}/sso/oidc/any/callback`],
    post_logout_redirect_uris: [`${root}/sso/signed-out`],
    ...(logout ? { backchannel_logout_uri: logout, backchannel_logout_session_required: true } : {}),
  }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
  cookies: { keys: [crypto.randomUUID()] },
  features: { backchannelLogout: { enabled: true }, registration: { enabled: true } },
  findAccount: (_, login) => ({ accountId: login, claims: () => person(login) }),
});

// A real provider has every redirect URI registered; this one takes that of any connection of the service.
provider.Client.prototype.redirectUriAllowed = uri => uri.startsWith(`${root}/sso/oidc/`) && uri.endsWith('/callback');

provider.listen(Number(port), '127.0.0.1', () => console.log(`The test identity provider is ready: issuer ${issuer}`));
