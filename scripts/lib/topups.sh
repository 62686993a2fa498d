#!/usr/bin/env bash
# Drivers of the demo who top up: every SECONDS or so one whose wallet runs low
# signs in, pays with the demo provider and signs out, all through the doors
# that an app uses. Started by scripts/run in PILEHUB_HOME: topups.sh SECONDS
set -u

endpoint() { sed -n "s/^$1=//p" endpoints 2>/dev/null; }
until [ -s endpoints ]; do sleep 1; done
api=$(endpoint HTTP_URL)/api/driver/v1
fakes=$(endpoint FAKES_URL)
db=$(endpoint DB_NAME)
mine=$(endpoint DRIVER_LOGIN) # for whoever looks at the demo

# post URL JSON [HEADER...]: the answer; every driver has an address of its own,
# so that the limits of 127.0.0.1 are left to people.
post() {
    local url=$1 body=$2 words=(); shift 2
    for header; do words+=(-H "$header"); done
    curl -sS --max-time 20 --interface "127.0.1.$((RANDOM % 250 + 1))" \
        -H 'Content-Type: application/json' "${words[@]}" -d "$body" "$url"
}

# One of the twenty who have least.
who() {
    mariadb --defaults-file=etc/root.cnf --batch --skip-column-names "$db" <<EOS
SELECT phone FROM (SELECT d.phone FROM ledger_account a
    JOIN driver d ON d.id = a.owner_id
    WHERE a.kind = 11 AND d.status = 1 AND d.phone <> '$mine'
    ORDER BY a.balance - a.held LIMIT 20) low ORDER BY RAND() LIMIT 1
EOS
}

top_up() {
    local phone code token paying amount amounts=(5000 10000 10000 20000)
    amount=${amounts[RANDOM % ${#amounts[@]}]}
    phone=$(who) && [ -n "$phone" ] || return 1
    post "$api/sms-codes" "{\"phone\":\"$phone\"}" >/dev/null || return 1
    code=$(curl -sS --max-time 20 "$fakes/_fake/sms?phone=$phone" |
        jq -r '[.messages[] | select(.template == "code")][0].params.code')
    token=$(post "$api/sessions" "{\"phone\":\"$phone\",\"code\":\"$code\"}" |
        jq -r '.data.token // empty')
    [ -n "$token" ] || return 1
    paying=$(post "$api/topups" "{\"amount_fen\":$amount,\"channel\":\"demo\"}" \
        "Authorization: Bearer $token" \
        "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)" |
        jq -r '.data.out_trade_no // empty')
    [ -z "$paying" ] ||
        post "$fakes/_fake/pay" "{\"order\":\"$paying\"}" >/dev/null
    post "$api/sessions/delete" '{}' "Authorization: Bearer $token" >/dev/null
    [ -n "$paying" ] && printf '%s topped up by %s fen\n' "$paying" "$amount"
}

sleep 20
while :; do
    top_up || printf 'no top-up this time\n'
    sleep $(($1 / 2 + RANDOM % $1))
done
