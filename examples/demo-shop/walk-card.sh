# The same, paid by card on the page of the provider, one command a line. $SHOP is the shop's address.
R=$(curl -s "$SHOP/products/ridgeline-pour-over-dripper"); echo "$R"; VARIANT=${R#*\"id\":\"var_}; VARIANT=var_${VARIANT%%\"*}
R=$(curl -s -X POST "$SHOP/carts" -H 'content-type: application/json' -d '{}'); echo "$R"; CART=${R#*\"id\":\"}; CART=${CART%%\"*}
curl -s -X POST "$SHOP/carts/$CART/lines" -H 'content-type: application/json' -d "{\"variant\":\"$VARIANT\",\"quantity\":1}"; echo
R=$(curl -s -X PUT "$SHOP/carts/$CART/contact" -H 'content-type: application/json' -d '{"email":"ada@example.com","address":{"name":"Ada","lines":["Lane 1"],"postalCode":"12345","city":"Berlin","country":"DE"}}'); echo "$R"; REVISION=${R#*\"revision\":}; REVISION=${REVISION%%,*}
R=$(curl -s -X POST "$SHOP/checkout" -H 'content-type: application/json' -H "idempotency-key: $CART" -d "{\"cartId\":\"$CART\",\"revision\":$REVISION,\"paymentMethod\":\"card\"}"); echo "$R"; ORDER=${R#*\"id\":\"order_}; ORDER=order_${ORDER%%\"*}
for i in 1 2 3 4 5 6 7 8 9 10; do R=$(curl -s -X POST "$SHOP/orders/$ORDER/confirm"); case "$R" in *'"nextUrl":"'*) break;; esac; sleep 1; done; echo "$R"; PAGE=${R#*\"nextUrl\":\"}; PAGE=${PAGE%%\"*}; echo "$PAGE"
curl -s -X POST "$PAGE" -d outcome=pay > /dev/null
for i in 1 2 3 4 5 6 7 8 9 10; do R=$(curl -s "$SHOP/orders/$ORDER"); case "$R" in *'"payment":"paid"'*) break;; esac; sleep 1; done; echo "$R"
