CREATE TABLE product (
    id TEXT PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    -- The title in lower case: what lists are sorted by.
    sort_title TEXT NOT NULL,
    description TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('draft', 'published', 'archived')),
    -- JSON: options, categories, attributes, media, translations, channels. What filters look at is
    -- in the tables below as well.
    details TEXT NOT NULL,
    -- The first picture, for lists.
    image_url TEXT,
    image_alt TEXT,
    -- All words by which a search finds the product, in lower case.
    search TEXT NOT NULL,
    revision BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX product_by_status ON product (status, sort_title, id);
CREATE INDEX product_by_title ON product (sort_title, id);

CREATE TABLE variant (
    sku TEXT PRIMARY KEY,
    product_id TEXT NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    title TEXT NOT NULL,
    -- JSON: the value of each option.
    options TEXT NOT NULL,
    gtin TEXT,
    weight_grams BIGINT,
    UNIQUE (product_id, position)
);

CREATE TABLE category (
    slug TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    parent TEXT REFERENCES category (slug)
);

CREATE INDEX category_by_parent ON category (parent);

CREATE TABLE product_category (
    category TEXT NOT NULL REFERENCES category (slug),
    product_id TEXT NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    PRIMARY KEY (category, product_id)
);

CREATE INDEX product_category_by_product ON product_category (product_id);

-- Attributes as `name:value` in lower case.
CREATE TABLE product_facet (
    facet TEXT NOT NULL,
    product_id TEXT NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    PRIMARY KEY (facet, product_id)
);

CREATE INDEX product_facet_by_product ON product_facet (product_id);

-- A product without a row here is shown in all channels.
CREATE TABLE product_channel (
    product_id TEXT NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    channel TEXT NOT NULL,
    PRIMARY KEY (product_id, channel)
);
