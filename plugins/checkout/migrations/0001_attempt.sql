-- The key of a buyer's request, what was asked for with it, and what answers it: the order of the cart,
-- or a payment that was declined.
CREATE TABLE checkout_attempt (
    key TEXT PRIMARY KEY,
    cart_id TEXT NOT NULL,
    payment_method TEXT NOT NULL,
    declined_payment TEXT
);

CREATE INDEX checkout_attempt_of_cart ON checkout_attempt (cart_id);
