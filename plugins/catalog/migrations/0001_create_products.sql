CREATE TABLE catalog_product (
    -- What it is known by; never changes.
    id TEXT PRIMARY KEY,
    -- What the tables of filters below know it by: short, because they have many rows.
    number BIGINT NOT NULL UNIQUE,
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
    -- The words by which a search finds the product, as in catalog_word, each with a space before it.
    words TEXT NOT NULL,
    revision BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX catalog_product_by_status ON catalog_product (status, sort_title, number);
CREATE INDEX catalog_product_by_title ON catalog_product (sort_title, number);

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
    parent TEXT REFERENCES catalog_category (slug),
    -- Rows that it has in catalog_product_category.
    products BIGINT NOT NULL DEFAULT 0
);

CREATE INDEX catalog_category_by_parent ON catalog_category (parent);

-- What filters look at is kept in the order of lists, so that a page reads what it shows and no more.
-- Rows are written with their products, by number; a product is never removed.

-- Published products in each category that they are filed in, and in those above it.
CREATE TABLE catalog_product_category (
    category TEXT NOT NULL,
    sort_title TEXT NOT NULL,
    product BIGINT NOT NULL,
    -- Whether it is filed in this very category.
    filed BIGINT NOT NULL CHECK (filed IN (0, 1)),
    PRIMARY KEY (category, sort_title, product)
);

-- Attributes of published products as `name:value` in lower case.
CREATE TABLE catalog_product_facet (
    facet TEXT NOT NULL,
    sort_title TEXT NOT NULL,
    product BIGINT NOT NULL,
    PRIMARY KEY (facet, sort_title, product)
);

-- The words of products of any status, in lower case.
CREATE TABLE catalog_word (
    word TEXT NOT NULL,
    product BIGINT NOT NULL,
    PRIMARY KEY (word, product)
);

-- A product without a row here is shown in all channels.
CREATE TABLE catalog_product_channel (
    product_id TEXT NOT NULL REFERENCES catalog_product (id) ON DELETE CASCADE,
    channel TEXT NOT NULL,
    PRIMARY KEY (product_id, channel)
);
