#!/bin/sh
# Scantrust's code data download, from an empty campaign to the CSV: the seven steps of its manual.
# BASE is where Mintage runs, TOKEN a token of its admin (`make run` prints it). Run it once per
# installation: keys and numbers are those of the manual's own example.
set -eu
BASE=${BASE:-http://127.0.0.1:8055}
ACCOUNT=f1b2c3d4-e5f6-7890-1234-567890abcdef   # the demo account
UAT=${UAT:-an-example-uat-token-of-40-characters-00}

load() { # collection, JSON
  curl -sS --fail-with-body -o /dev/null "$BASE/items/$1" -H "Authorization: Bearer $TOKEN" \
    -H 'Content-Type: application/json' -d "$2"
}
field() { sed -E "s/.*\"$1\": ?\"([^\"]*)\".*/\1/"; }

echo "# What is there before: brands, a campaign with its SCM fields, products, codes"
AMERICAN=11111111-1111-4111-8111-111111111111 QUEEN=22222222-2222-4222-8222-222222222222
JELLE=33333333-3333-4333-8333-333333333333 J=44444444-4444-4444-8444-444444444444
SCMUSER=55555555-5555-4555-8555-555555555555 ROLE=66666666-6666-4666-8666-666666666666
PERMISSIONS=
for name in unique_code product brand campaign scm_field workorder account directus_users; do
  PERMISSIONS="$PERMISSIONS, {\"collection\": \"$name\", \"action\": \"read\", \"fields\": [\"*\"]}"
done
curl -sS --fail-with-body -o /dev/null "$BASE/roles" -H "Authorization: Bearer $TOKEN" \
  -H 'Content-Type: application/json' -d "{\"id\": \"$ROLE\", \"name\": \"Code readers\",
  \"policies\": [{\"policy\": {\"name\": \"Code readers\", \"permissions\": [${PERMISSIONS#, }]}}]}"
curl -sS --fail-with-body -o /dev/null "$BASE/users" -H "Authorization: Bearer $TOKEN" \
  -H 'Content-Type: application/json' -d "[
  {\"id\": \"$JELLE\", \"email\": \"jelle@test.com\", \"account\": \"$ACCOUNT\"},
  {\"id\": \"$J\", \"email\": \"j@test.com\", \"account\": \"$ACCOUNT\",
    \"role\": \"$ROLE\"},
  {\"id\": \"$SCMUSER\", \"email\": \"scmuser@test.com\", \"account\": \"$ACCOUNT\"}]"
load brand "[{\"id\": \"$AMERICAN\", \"name\": \"American Pork\", \"account\": \"$ACCOUNT\"},
  {\"id\": \"$QUEEN\", \"name\": \"Queen Victoria\", \"account\": \"$ACCOUNT\"}]"
load campaign "{\"id\": 2084, \"name\": \"Fresh food\", \"account\": \"$ACCOUNT\", \"scm_fields\": [
  {\"key\": \"farm_name\", \"position\": 1}, {\"key\": \"organic\", \"position\": 2},
  {\"key\": \"harvest_date\", \"position\": 3}, {\"key\": \"sent_to_plant\", \"position\": 4},
  {\"key\": \"plant\", \"position\": 5}, {\"key\": \"sell_by_date\", \"position\": 6},
  {\"key\": \"temp_humid_in_ph\", \"position\": 7}, {\"key\": \"shipped_from_plant\", \"position\": 8},
  {\"key\": \"arrived_in_dc\", \"position\": 9}, {\"key\": \"dc_name\", \"position\": 10},
  {\"key\": \"temp_humid_in_dc\", \"position\": 11}, {\"key\": \"shipped_from_dc\", \"position\": 12},
  {\"key\": \"case_number\", \"position\": 13}]}"
load product "[{\"id\": \"pork\", \"product_name\": \"Pork\", \"sku\": \"259052703982\",
    \"brand\": \"$AMERICAN\", \"campaign\": 2084, \"account\": \"$ACCOUNT\"},
  {\"id\": \"lettuce\", \"product_name\": \"Lettuce\", \"sku\": \"060556200408\",
    \"brand\": \"$QUEEN\", \"campaign\": 2084, \"account\": \"$ACCOUNT\"}]"
load workorder "[{\"id\": 3413, \"reference\": \"WO 3413\", \"quantity\": 1, \"state\": \"completed\",
    \"activate_on_complete\": true, \"account\": \"$ACCOUNT\"},
  {\"id\": 3414, \"reference\": \"WO 3414\", \"quantity\": 4, \"state\": \"completed\",
    \"activate_on_complete\": true, \"account\": \"$ACCOUNT\"}]"
load unique_code "[
  {\"id\": \"go.example.com/D7BDCA03B80610826432DAD3\", \"extended_id\": \"D7BDCA03B80610826432DAD3\",
    \"type\": \"short_code\", \"product\": \"pork\", \"workorder\": 3413, \"activation_status\": 1,
    \"activated_at\": null, \"activated_by\": null},
  {\"id\": \"go.example.com/DE8429F00C043SMPHGG3SCE54D3DBE2\",
    \"extended_id\": \"DE8429F00C043SMPHGG3SCE54D3DBE2\", \"type\": \"short_code\", \"product\": \"pork\",
    \"workorder\": 3414, \"activation_status\": 1, \"scm_updated_by\": null,
    \"scm_updated_at\": \"2019-06-14T09:35:08.207234Z\", \"activated_by\": \"$JELLE\",
    \"activated_at\": \"2020-02-13T08:43:54.256017Z\"},
  {\"id\": \"go.example.com/F628FC48BC043SMPHGG3S4E54681B26\",
    \"extended_id\": \"F628FC48BC043SMPHGG3S4E54681B26\", \"type\": \"short_code\",
    \"product\": \"lettuce\", \"workorder\": 3414, \"activation_status\": 1, \"activated_at\": null,
    \"activated_by\": null, \"scm_updated_by\": \"$J\",
    \"scm_updated_at\": \"2018-06-14T20:03:33.627564Z\", \"scm_data\": {
      \"farm_name\": \"Aliso Farms\", \"organic\": \"No\", \"harvest_date\": \"2018-06-14\",
      \"sent_to_plant\": \"2018-06-14\", \"plant\": \"Packaging Plant 1\",
      \"sell_by_date\": \"2018-06-14\", \"temp_humid_in_ph\": \"36°F 95%\",
      \"shipped_from_plant\": \"2018-06-15\", \"arrived_in_dc\": \"2018-06-15\", \"dc_name\": \"UST\",
      \"temp_humid_in_dc\": \"36° 95%\", \"shipped_from_dc\": \"2018-06-16\",
      \"case_number\": \"52C3F83EAA043SMPHGG3S9E4483193F\"}},
  {\"id\": \"go.example.com/70E19832F1043SMPHGG3S64644B7B66\",
    \"extended_id\": \"70E19832F1043SMPHGG3S64644B7B66\", \"type\": \"short_code\", \"product\": \"pork\",
    \"workorder\": 3414, \"activation_status\": 1, \"activated_at\": null, \"activated_by\": null,
    \"scm_updated_by\": \"$J\", \"scm_updated_at\": \"2018-06-13T23:21:40.214562Z\", \"scm_data\": {
      \"farm_name\": \"Aliso Ranch\", \"organic\": \"No\", \"harvest_date\": \"2018-06-14\",
      \"sent_to_plant\": \"2018-06-14\", \"plant\": \"Processing Plant 1\",
      \"sell_by_date\": \"2018-06-21\", \"temp_humid_in_ph\": \"36°F 85%\",
      \"shipped_from_plant\": \"2018-06-15\", \"arrived_in_dc\": \"2018-06-15\", \"dc_name\": \"UST\",
      \"temp_humid_in_dc\": \"36°F 85%\", \"shipped_from_dc\": \"2018-06-15\",
      \"case_number\": \"FD27177428043SMPHGG3S2824AA697A\"}},
  {\"id\": \"go.example.com/4324CAC06E043SMPHGG3SF124F8BADE\",
    \"extended_id\": \"4324CAC06E043SMPHGG3SF124F8BADE\", \"type\": \"short_code\",
    \"product\": \"lettuce\", \"workorder\": 3414, \"activation_status\": 1, \"activated_at\": null,
    \"activated_by\": null, \"scm_updated_by\": \"$SCMUSER\",
    \"scm_updated_at\": \"2018-05-26T17:14:12.055232Z\", \"scm_data\": {\"farm_name\": \"ST Test\"}}]"
load api_credential "{\"user\": \"$J\", \"kind\": \"scantrust_uat\", \"token\": \"$UAT\",
  \"permissions\": [\"codes_view\"]}"

echo "# 1 to 3: the campaign is 2084, its SCM fields are known, no filter"
echo "# 4: a search task"
ANSWER=$(curl -sS --fail-with-body "$BASE/api/v2/codes/download/?campaign=2084" -H "Authorization: UAT $UAT")
echo "$ANSWER"
KEY=$(echo "$ANSWER" | field key)

echo "# 5: its status, until it is complete"
STATUS=pending
while [ "$STATUS" = pending ] || [ "$STATUS" = in-progress ]; do
  sleep 0.2
  ANSWER=$(curl -sS --fail-with-body "$BASE/api/v2/documents/$KEY" -H "Authorization: UAT $UAT")
  STATUS=$(echo "$ANSWER" | field status)
done
echo "$ANSWER"

echo "# 6: a download link"
ANSWER=$(curl -sS --fail-with-body "$BASE/api/v2/documents/$KEY/get-download-link/" -H "Authorization: UAT $UAT")
echo "$ANSWER"
LINK=$(echo "$ANSWER" | field link)

echo "# 7: the CSV, zipped; the link works once"
curl -sS --fail-with-body -L -o "${ZIP:-codes.zip}" -w '%{http_code} after %{num_redirects} redirect\n' "$LINK"
curl -s -o /dev/null -w '%{http_code} the second time\n' "$LINK"
