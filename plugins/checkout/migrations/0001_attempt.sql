-- The key of a buyer's request, what was asked for with it, and what answers it: the order of the cart,
-- or a payment that was declined.
CREATE TABLE checkout_attempt (
    key TEXT PRIMARY KEY,
    cart_id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    payment_method TEXT NOT NULL,
    declined_payment TEXT
);

CREATE INDEX checkout_attempt_of_cart ON checkout_attempt (cart_id);

-- The revision of the cart that its order was made of. The order has the rest.
CREATE TABLE checkout_placed (
    cart_id TEXT PRIMARY KEY,
    revision BIGINT NOT NULL
);
