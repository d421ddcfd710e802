"""What the computed fields of a product read as."""

from sqlalchemy import ColumnElement, FromClause, case, func, or_

from app.domains.domain.service import link_host
from app.items.hooks import register_expression


def digital_link(product: FromClause) -> ColumnElement[str | None]:
    """The GS1 Digital Link of a product whose key is a GS1 path; custom items have none."""
    key = product.c.id
    has_link = or_(key.like("/01/%"), key.like("/8003/%"))
    return case((has_link, func.gs1_digital_link(key, link_host(product.c.account))))


def register_expressions() -> None:
    register_expression("product", "digital_link", digital_link)
