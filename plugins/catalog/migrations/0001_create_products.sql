CREATE TABLE catalog_product (
    -- What it is known by; never changes.
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

CREATE INDEX catalog_product_by_status ON catalog_product (status, sort_title, id);
CREATE INDEX catalog_product_by_title ON catalog_product (sort_title, id);

CREATE TABLE catalog_variant (
    -- What it is known by, here and in other plugins; never changes.
    id TEXT PRIMARY KEY,
    sku TEXT NOT NULL UNIQUE,
    product_id TEXT NOT NULL REFERENCES catalog_product (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    title TEXT NOT NULL,
    -- JSON: the value of each option.
    options TEXT NOT NULL,
    gtin TEXT,
    weight_grams BIGINT,
    requires_shipping INTEGER NOT NULL CHECK (requires_shipping IN (0, 1)),
    UNIQUE (product_id, position)
);

CREATE TABLE catalog_category (
    slug TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    parent TEXT REFERENCES catalog_category (slug)
);

CREATE INDEX catalog_category_by_parent ON catalog_category (parent);

CREATE TABLE catalog_product_category (
    category TEXT NOT NULL REFERENCES catalog_category (slug),
    product_id TEXT NOT NULL REFERENCES catalog_product (id) ON DELETE CASCADE,
    PRIMARY KEY (category, product_id)
);

CREATE INDEX catalog_product_category_by_product ON catalog_product_category (product_id);

-- Attributes as `name:value` in lower case.
CREATE TABLE catalog_product_facet (
    facet TEXT NOT NULL,
    product_id TEXT NOT NULL REFERENCES catalog_product (id) ON DELETE CASCADE,
    PRIMARY KEY (facet, product_id)
);

CREATE INDEX catalog_product_facet_by_product ON catalog_product_facet (product_id);

-- A product without a row here is shown in all channels.
CREATE TABLE catalog_product_channel (
    product_id TEXT NOT NULL REFERENCES catalog_product (id) ON DELETE CASCADE,
    channel TEXT NOT NULL,
    PRIMARY KEY (product_id, channel)
);
