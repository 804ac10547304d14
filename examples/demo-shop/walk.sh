# From browsing to a paid order that is on its way, one command a line. $SHOP is the shop's address, $KEY an API key of it.
curl -s "$SHOP/products?limit=3"; echo
R=$(curl -s "$SHOP/products/ridgeline-pour-over-dripper"); echo "$R"; VARIANT=${R#*\"id\":\"var_}; VARIANT=var_${VARIANT%%\"*}
R=$(curl -s -X POST "$SHOP/carts" -H 'content-type: application/json' -d '{}'); echo "$R"; CART=${R#*\"id\":\"}; CART=${CART%%\"*}
curl -s -X POST "$SHOP/carts/$CART/lines" -H 'content-type: application/json' -d "{\"variant\":\"$VARIANT\",\"quantity\":2}"; echo
R=$(curl -s -X PUT "$SHOP/carts/$CART/contact" -H 'content-type: application/json' -d '{"email":"ada@example.com","address":{"name":"Ada","lines":["Lane 1"],"postalCode":"12345","city":"Berlin","country":"DE"}}'); echo "$R"; REVISION=${R#*\"revision\":}; REVISION=${REVISION%%,*}
R=$(curl -s -X POST "$SHOP/checkout" -H 'content-type: application/json' -H "idempotency-key: $CART" -d "{\"cartId\":\"$CART\",\"revision\":$REVISION,\"paymentMethod\":\"invoice\"}"); echo "$R"; ORDER=${R#*\"id\":\"order_}; ORDER=order_${ORDER%%\"*}
curl -s -X POST "$SHOP/admin/orders/$ORDER/ship" -H "authorization: Bearer $KEY" -H 'content-type: application/json' -d '{}'; echo
curl -s -X POST "$SHOP/admin/orders/$ORDER/capture" -H "authorization: Bearer $KEY"; echo
curl -s "$SHOP/orders/$ORDER"; echo
