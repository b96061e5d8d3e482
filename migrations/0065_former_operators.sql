-- Who was deleted: reports of the time before still say whose it was.
create table former_operators (
  id uuid primary key,
  name text not null,
  extension text not null
);
