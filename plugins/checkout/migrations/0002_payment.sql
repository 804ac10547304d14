-- The order that a payment is for, so that what is told of the payment finds it.
CREATE TABLE checkout_payment (
    method TEXT NOT NULL,
    payment_id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    PRIMARY KEY (method, payment_id)
);
