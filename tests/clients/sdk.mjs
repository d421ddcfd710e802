// What the official JavaScript SDK does with a fresh installation. Prints one line for each failure.
import assert from 'node:assert/strict';

const d = await import(process.env.SDK);
const url = process.env.SERVER;
const admin = d.createDirectus(url).with(d.staticToken(process.env.TOKEN)).with(d.rest()).with(d.graphql());
const call = (command) => admin.request(command);
const ACCOUNT = 'f1b2c3d4-e5f6-7890-1234-567890abcdef';

const tests = {
  async server() {
    assert.equal(await call(d.serverPing()), 'pong');
    assert.equal((await call(d.serverInfo())).project.project_name, 'Mintage');
    assert.equal((await call(d.serverHealth())).serviceId, url);
    assert.match(await (await call(d.readGraphqlSdl())).text(), /create_identifier_job_item/);
  },
  async items() {
    const made = await call(d.createItems('domain', [{ domain_name: 'a.sdk.example' }, { domain_name: 'b.sdk.example' }]));
    const keys = made.map((row) => row.id);
    assert.equal((await call(d.readItem('domain', keys[0]))).domain_name, made[0].domain_name);
    assert.deepEqual(await call(d.updateItem('domain', keys[0], { type: 'short' }, { fields: ['type'] })), { type: 'short' });
    assert.equal((await call(d.updateItems('domain', keys, { type: 'short' }))).length, 2);
    assert.equal((await call(d.updateItemsBatch('domain', keys.map((id) => ({ id, type: 'digital_link' }))))).length, 2);
    assert.equal(await call(d.deleteItems('domain', keys)), null);
    await assert.rejects(call(d.readItem('domain', keys[0])), (e) => e.errors[0].extensions.code === 'FORBIDDEN');
    const one = await call(d.createItem('identifier_job', { quantity: 5, product: '/01/09312345551927' }, { fields: ['status', { account: ['account_name'] }] }));
    assert.deepEqual(one, { status: 'new', account: { account_name: 'Demo Account' } });
  },
  async filters() {
    const found = await call(d.readItems('product', {
      fields: ['id', { account: ['account_name'] }],
      filter: { _or: [{ product_name: { _contains: 'Case' } }, { account: { account_name: { _eq: 'x' } } }] },
      sort: ['-id'], limit: 2, page: 1,
    }));
    assert.deepEqual(found, [{ id: '/01/09312345552016', account: { account_name: 'Demo Account' } }]);
    const searched = await call(d.withSearch(d.readItems('product', { fields: ['id'], filter: { product_name: { _contains: 'Case' } } })));
    assert.deepEqual(searched, [{ id: '/01/09312345552016' }]);
    assert.ok((await call(d.withSearch(d.readItems('product', { limit: 1 }))))[0].product_name);
    const roles = await call(d.readRoles({ fields: ['name', { users: ['email'] }], deep: { users: { _limit: 1 } } }));
    assert.equal(roles[0].users.length, 1);
  },
  async aggregates() {
    const [all] = await call(d.aggregate('product', { aggregate: { count: '*' } }));
    assert.equal(Number(all.count), 5);
    const groups = await call(d.aggregate('product', { aggregate: { count: ['id'] }, groupBy: ['account'] }));
    assert.deepEqual(groups, [{ account: ACCOUNT, count: { id: '5' } }]);
  },
  async auth() {
    const user = await call(d.createUser({ email: 'u@sdk.example', password: 'a long password' }));
    const client = d.createDirectus(url).with(d.authentication('json')).with(d.rest());
    const tokens = await client.login({ email: 'u@sdk.example', password: 'a long password' });
    assert.equal(tokens.expires, 900000);
    assert.equal((await client.request(d.readMe())).id, user.id);
    await client.refresh();
    assert.equal((await client.request(d.readMe())).id, user.id);
    await client.logout();
    await assert.rejects(client.login({ email: 'u@sdk.example', password: 'wrong' }), (e) => e.errors[0].extensions.code === 'INVALID_CREDENTIALS');
    assert.deepEqual(await call(d.readProviders()), []);
  },
  async users() {
    assert.equal((await call(d.readMe({ fields: ['email'] }))).email, 'admin@example.com');
    assert.equal((await call(d.updateMe({ title: 'Boss' }, { fields: ['title'] }))).title, 'Boss');
    const role = await call(d.createRole({ name: 'SDK' }));
    await call(d.createPolicy({ name: 'SDK', permissions: [{ collection: 'product', action: 'read', fields: ['id'] }], roles: [{ role: role.id }] }));
    await call(d.createUser({ email: 'p@sdk.example', token: 'a-static-token', role: role.id }));
    const limited = d.createDirectus(url).with(d.staticToken('a-static-token')).with(d.rest());
    assert.deepEqual(Object.keys((await limited.request(d.readItems('product', { limit: 1 })))[0]), ['id']);
    assert.deepEqual((await limited.request(d.readUserPermissions())).product.read.fields, ['id']);
    assert.equal((await limited.request(d.readItemPermissions('product', 'x'))).update.access, false);
    assert.equal((await call(d.readPolicyGlobals())).admin_access, true);
    assert.equal((await call(d.readRolesMe()))[0].name, 'Administrator');
    const users = await call(d.readUsers({ filter: { role: { _eq: role.id } } }));
    assert.equal(await call(d.deleteUsers(users.map((u) => u.id))), null);
    assert.ok((await call(d.readActivities({ limit: 1 }))).length);
    assert.ok((await call(d.readRevisions({ limit: 1 }))).length);
    assert.equal((await call(d.updateSettings({ project_name: 'Mintage' }))).project_name, 'Mintage');
  },
  async graphql() {
    const data = await admin.query('query ($n: Int) { product(limit: $n) { id account { id } } product_aggregated { countAll } }', { n: 1 });
    assert.equal(data.product[0].account.id, ACCOUNT);
    assert.equal((await admin.query('{ users_me { email } }', {}, 'system')).users_me.email, 'admin@example.com');
  },
  async files() {
    const form = new FormData();
    form.append('title', 'A file');
    form.append('file', new Blob([new Uint8Array([1, 2, 3])], { type: 'application/octet-stream' }), 'a.bin');
    const file = await call(d.uploadFiles(form));
    assert.equal(file.filesize, '3');
    assert.equal((await (await call(d.readAssetBlob(file.id))).arrayBuffer()).byteLength, 3);
    assert.equal((await call(d.updateFile(file.id, { title: 'Other' }))).title, 'Other');
    assert.equal(await call(d.deleteFile(file.id)), null);
  },
  async definitions() {
    assert.ok((await call(d.readCollections())).some((c) => c.collection === 'product'));
    assert.equal((await call(d.readField('product', 'id'))).schema.is_primary_key, true);
    assert.ok((await call(d.readFieldsByCollection('product'))).length > 5);
    assert.ok((await call(d.readRelationByCollection('product'))).length);
    assert.equal((await call(d.schemaSnapshot())).vendor, 'postgres');
  },
  async utils() {
    assert.equal((await call(d.randomString(8))).length, 8);
    await call(d.clearCache());
  },
};

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  try {
    await test();
  } catch (error) {
    failed += 1;
    console.log(`${name}: ${error?.errors ? JSON.stringify(error.errors) : error?.stack ?? error}`);
  }
}
process.exit(failed ? 1 : 0);
